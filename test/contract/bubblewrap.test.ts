import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { bubblewrapSandbox } from '../../src/sandbox/bubblewrap.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { runScript, testSandbox } from './sandbox.ts';

testSandbox('bubblewrap', () => bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] }));

test('bubblewrap: what is hidden is not seen, even inside of a folder that may be read', async (t) => {
  const tool = await temporaryFolder(t);
  await mkdir(join(tool, 'data'));
  await writeFile(join(tool, 'data/key'), 'a key');
  const sandbox = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [join(tool, 'data')] });
  const { output } = await runScript(t, sandbox, `ls ${tool}; ls ${tool}/data; cat ${tool}/data/key`, {
    readOnly: [tool],
  });
  assert.match(output, /^data\ncat: .*No such file/);
});

test('bubblewrap: a command that cannot begin leaves nothing open', async (t) => {
  const sandbox = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] });
  const begin = () => runScript(t, sandbox, 'true', { readOnly: ['/no/such/folder'] });
  await assert.rejects(begin(), /ENOENT/);
  const countOpen = async () => (await readdir('/proc/self/fd')).length;
  const before = await countOpen();
  for (let at = 0; at < 5; at++) await assert.rejects(begin(), /ENOENT/);
  await until('what was open is closed', async () => (await countOpen()) <= before);
});

test('bubblewrap: a network without the programs for it is refused, with what to do about it', async (t) => {
  const path = await temporaryFolder(t);
  const run = runScript(t, bubblewrapSandbox({ path, hidden: [] }), 'true', { network: true });
  await assert.rejects(run, /'slirp4netns' is not found: 'apt-get install slirp4netns'; or take 'network: true' out/);
});

test('bubblewrap: nothing but the room can be written, and no right is had or gained', async (t) => {
  const sandbox = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] });
  const script = `for path in / /usr /etc /dev /proc/sys/kernel /home; do ! touch $path/x 2>/dev/null || echo "wrote $path"; done
    grep -E 'CapEff|NoNewPrivs' /proc/self/status; unshare -U true 2>/dev/null && echo nested; true`;
  const { output } = await runScript(t, sandbox, script);
  assert.equal(output, 'CapEff:\t0000000000000000\nNoNewPrivs:\t1\n');
});

test('bubblewrap: no Unix socket of the host is reached, neither by its path nor by its abstract name', async (t) => {
  const folder = await temporaryFolder(t);
  const paths = [join(folder, 'socket'), join('/tmp', `slipway-${process.pid}.sock`), `\0slipway-${process.pid}`];
  let connections = 0;
  for (const path of paths) {
    const service = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => service.listen(path, resolve));
    t.after(() => service.close());
  }
  const names = JSON.stringify(paths.map((path) => path.replace('\0', '@')));
  const script = `python3 -c '
import socket
for name in ${names}:
    try:
        socket.socket(socket.AF_UNIX).connect(name.replace("@", chr(0)))
        print("reached", name)
    except OSError as error:
        print(error.strerror)
'`;
  const sandbox = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] });
  for (const network of [false, true]) {
    const { output } = await runScript(t, sandbox, script, { network });
    assert.equal(output, 'No such file or directory\nNo such file or directory\nConnection refused\n');
  }
  assert.equal(connections, 0);
  // The same script where the services are.
  const { stdout } = await promisify(execFile)('sh', ['-c', script]);
  assert.equal(stdout.match(/reached/g)?.length, 3);
});

test('bubblewrap: no more memory is had than the limit allows', async (t) => {
  const sandbox = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] });
  const limits = { processes: 200, memoryBytes: 1e8, fileBytes: 1e6, diskBytes: 1e8, timeMs: 60_000 };
  // What has no line break is held by tail as a whole.
  const hold = (bytes: number) => `head -c ${bytes} /dev/zero | tail -n 1 | wc -c`;
  const { output } = await runScript(t, sandbox, `${hold(1e7)}; ${hold(1e9)}`, { limits });
  const [little, much] = output.split('\n').filter((line) => /^\d+$/.test(line));
  assert.equal(little, '10000000', output);
  assert.notEqual(much, '1000000000', output);
});

test('bubblewrap: settings of the kernel stay as they are, also where the server is root', async (t) => {
  const sandbox = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] });
  const script = `for file in /proc/sys/vm/swappiness /proc/sys/kernel/core_pattern; do
    value=$(cat $file); (echo "$value" > $file) 2>/dev/null && echo "wrote $file"; done; echo tried > /proc/self/fd/1`;
  const { output } = await runScript(t, sandbox, `(${script}) | cat`);
  assert.equal(output, 'tried\n');
});

test('bubblewrap: private keys of services of the host are not seen', async (t) => {
  const sandbox = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] });
  const script = `for path in /etc/ssl/private /etc/pki/tls/private; do
    test ! -e $path || stat --file-system --format=%T $path; done; ls /etc/ssl/certs | head -n 1`;
  const { output } = await runScript(t, sandbox, script);
  assert.match(output, /^(?:tmpfs\n){0,2}.+\n$/);
  assert.doesNotMatch(output, /ext/);
});

test('bubblewrap: a variable with a NUL is refused, since what follows would be an order to bubblewrap', async (t) => {
  const sandbox = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] });
  const environment = { PATH: '/usr/bin:/bin', X: 'x\0--bind\0/\0/workspace/host' };
  const run = runScript(t, sandbox, 'ls host', { environment });
  await assert.rejects(run, { code: 'no-sandbox', message: /take the NUL character out/ });
});

test('bubblewrap: every namespace is a new one, with a network and without', async (t) => {
  const sandbox = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] });
  const kinds = ['ipc', 'mnt', 'net', 'pid', 'user', 'uts'];
  const outside = await Promise.all(kinds.map((kind) => readlink(`/proc/self/ns/${kind}`)));
  for (const network of [false, true]) {
    const { output } = await runScript(t, sandbox, `cd /proc/self/ns; readlink ${kinds.join(' ')}`, { network });
    const inside = output.trim().split('\n');
    assert.deepEqual(
      inside.map((name) => name.replace(/:\[\d+\]$/, '')),
      kinds,
    );
    assert.deepEqual(
      inside.filter((name) => outside.includes(name)),
      [],
    );
  }
});

test('bubblewrap: calls that lead past the namespaces are refused, and sockets of a network are not', async (t) => {
  const sandbox = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] });
  // AF_INET, AF_UNIX, then AF_VSOCK; the last two by their number on this machine.
  const numbers = process.arch === 'arm64' ? [425, 219] : [425, 250];
  const script = `use Socket; for (2, 1, 40) { socket(my $s, $_, SOCK_STREAM, 0) ? print "made\\n" : print $!+0, "\\n" }
    for (${numbers.join(', ')}) { syscall($_, 8, 0, 0, 0, 0) == -1 ? print $!+0, "\\n" : print "done\\n" }`;
  for (const network of [false, true]) {
    const argv = ['perl', '-e', script] as const;
    assert.equal((await runScript(t, sandbox, '', { argv, network })).output, 'made\nmade\n97\n1\n1\n');
  }
});

test('bubblewrap: a server that was given a right, such as that to low ports, runs commands without it', async (t) => {
  const room = await temporaryFolder(t);
  const program = `import { bubblewrapSandbox } from '${import.meta.resolve('../../src/sandbox/bubblewrap.ts')}';
    const sandbox = bubblewrapSandbox({ path: process.env.PATH, hidden: [] });
    for (const network of [false, true]) await sandbox.run({
      argv: ['grep', 'CapPrm', '/proc/self/status'], room: ${JSON.stringify(room)}, network,
      environment: { PATH: '/usr/bin:/bin' }, readOnly: [], writable: [], signal: new AbortController().signal,
      limits: { processes: 200, memoryBytes: 5e8, fileBytes: 1e6, diskBytes: 1e8, timeMs: 60000 },
      onOutput: (chunk) => void process.stdout.write(chunk),
    });`;
  const rights = ['--user', '--map-user=1000', '--map-group=1000', '--keep-caps', '--'];
  const node = [process.execPath, '--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)('unshare', [...rights, ...node]);
  assert.equal(stdout, 'CapPrm:\t0000000000000000\n'.repeat(2));
});
