import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { bubblewrapSandbox } from '../../src/sandbox/bubblewrap.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
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
