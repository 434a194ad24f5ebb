import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { bubblewrapSandbox } from '../../src/sandbox/bubblewrap.ts';
import { runScript } from '../contract/sandbox.ts';
import { makeTestRepository } from '../support/git.ts';
import { linkPrograms } from '../support/link-programs.ts';
import { startNameServer } from '../support/name-server.ts';
import { HOST, isInNetworkLab, OTHER } from '../support/network-lab.ts';
import { openScriptWorld } from '../support/script-world.ts';
import { call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** Between the command and what carries its packets. */
const NAME_SERVER = '198.51.100.3';
const GATEWAY = '198.51.100.2';

if (isInNetworkLab(import.meta.filename)) {
  const path = process.env.PATH ?? '';
  const sandbox = bubblewrapSandbox({ path, hidden: [] });

  test('a command with a network reaches other machines, by address and by name; one without reaches none', async (t) => {
    await untilOtherAnswers();
    const asked = await startNameServer(t, OTHER.address);
    const byAddress = `curl -sS -m 10 http://${OTHER.address}/`;
    const script = `${byAddress}; echo; curl -sS -m 10 http://registry/; echo; cat /etc/resolv.conf; cat /proc/net/dev`;
    const { output, outcome } = await runScript(t, sandbox, script, { network: true });
    assert.deepEqual(outcome, { kind: 'exited', code: 0 }, output);
    assert.equal(output.match(/the other machine/g)?.length, 2, output);
    assert.match(output, new RegExp(`^nameserver ${NAME_SERVER}\nsearch lab.test\n`, 'm'));
    assert.match(output, /tap0:/);
    assert.ok(asked.includes('registry.lab.test'));
    const without = await runScript(t, sandbox, `${byAddress}; cat /proc/net/dev`);
    assert.ok(without.outcome.kind === 'exited' && without.outcome.code !== 0, without.output);
    const alone = await runScript(t, sandbox, 'cat /proc/net/dev; cat /etc/resolv.conf || true');
    assert.doesNotMatch(alone.output, /tap0|nameserver/);
  });

  test('nothing of this host is reached: at no address of it, from no interface', async (t) => {
    const services = await openServices(t);
    await startNameServer(t, OTHER.address);
    const hosts = [
      ...[HOST.address, HOST.idle, HOST.anywhere, '127.0.0.1', '127.8.9.10', '0.0.0.0', '10.77.0.255'],
      ...[GATEWAY, NAME_SERVER, '198.51.100.0', '198.51.100.9', '198.51.100.255', '255.255.255.255', '224.0.0.251'],
      ...[`[${HOST.address6}]`, '[::1]', `[::ffff:${HOST.address}]`, '[::ffff:127.0.0.1]'],
    ];
    const urls = hosts.flatMap((host) => [`http://${host}:${services.port}/`, `tftp://${host}:${services.port}/x`]);
    // A program may bind its socket to an interface, and the routes to others no longer count.
    const tries = ['', '--interface tap0'].map((way) => `curl -sgZ -m 1 ${way} '${urls.join("' '")}' 2> errors &`);
    const { output, outcome } = await runScript(t, sandbox, `${tries.join('\n')}\nwait`, { network: true });
    assert.deepEqual(outcome, { kind: 'exited', code: 0 }, output);
    assert.equal(output, '');
    assert.deepEqual(services.reached, []);
    // They do answer: as seen from the host, and at the same addresses.
    for (const host of [HOST.address, HOST.idle, HOST.anywhere, '127.0.0.1', `[${HOST.address6}]`]) {
      assert.equal(await (await fetch(`http://${host}:${services.port}/`)).text(), 'this host');
    }
  });

  test('metadata of clouds and link-local addresses are not reached, on whichever machine they are', async (t) => {
    await untilOtherAnswers();
    const urls = OTHER.metadata.map((address) => `http://${address.includes(':') ? `[${address}]` : address}/`);
    const tries = ['', '--interface tap0'].map(
      (way) => `curl -sgZ -m 5 ${way} '${urls.join("' '")}' 2> errors || true`,
    );
    const { output } = await runScript(t, sandbox, tries.join('\n'), { network: true });
    assert.equal(output, '');
    for (const url of urls) assert.equal(await (await fetch(url)).text(), 'the other machine');
  });

  test('the command can neither change its network nor see what the host sees', async (t) => {
    const script = `exec 2>&1; nft list ruleset && echo listed; ip route add ${HOST.address}/32 dev lo && echo changed;
      unshare --user --map-root-user nft flush ruleset && echo flushed; ls /dev/net && echo tun; true`;
    const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
    const { output } = await runScript(t, sandbox, script, { network: true, environment });
    assert.doesNotMatch(output, /^(?:listed|changed|flushed|tun)$/m);
  });

  test('nothing carries packets after the end of a command, however it comes', async (t) => {
    assert.deepEqual((await runScript(t, sandbox, 'exit 3', { network: true })).outcome, { kind: 'exited', code: 3 });
    assert.deepEqual(await carriers(), []);
    const limits = { processes: 200, memoryBytes: 2 ** 29, fileBytes: 2 ** 20, diskBytes: 2 ** 28, timeMs: 700 };
    const late = await runScript(t, sandbox, 'sleep 60', { network: true, limits });
    assert.deepEqual(late.outcome, { kind: 'over-limit', limit: 'time' });
    assert.deepEqual(await carriers(), []);
    const [controller, reason] = [new AbortController(), new Error('canceled')];
    const onOutput = async () => {
      assert.equal((await carriers()).length, 1);
      controller.abort(reason);
    };
    const canceled = runScript(t, sandbox, 'echo; sleep 60', { network: true, signal: controller.signal, onOutput });
    await assert.rejects(canceled, reason);
    assert.deepEqual(await carriers(), []);
    // While it is being set up, at whichever point.
    for (const afterMs of [0, 10, 20, 40, 60, 80, 120]) {
      const signal = AbortSignal.timeout(afterMs);
      await assert.rejects(runScript(t, sandbox, 'sleep 60', { network: true, signal }), { name: 'TimeoutError' });
      assert.deepEqual(await carriers(), []);
    }
  });

  test('a command does not begin where its network cannot be made, and the reason says why', async (t) => {
    const folder = await temporaryFolder(t);
    await linkPrograms(folder, ['bwrap', 'prlimit', 'unshare', 'nft', 'slirp4netns']);
    const whole = bubblewrapSandbox({ path: folder, hidden: [] });
    assert.equal((await runScript(t, whole, 'echo begun', { network: true })).output, 'begun\n');
    const broken = async (program: string, script: string) => {
      const bin = await temporaryFolder(t);
      await writeFile(join(bin, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      let output = '';
      const onOutput = (chunk: Uint8Array) => {
        output += String(chunk);
      };
      const sandbox = bubblewrapSandbox({ path: `${bin}:${folder}`, hidden: [] });
      const run = runScript(t, sandbox, 'echo begun', { network: true, onOutput });
      const error = await run.then(String, (reason: unknown) => String(reason));
      assert.deepEqual(await carriers(), []);
      return `${output}${error}`;
    };
    assert.match(await broken('slirp4netns', 'echo no luck; exit 1'), /^BuildFailure: .*slirp4netns said 'no luck'/);
    assert.match(await broken('nft', 'echo no rules; exit 1'), /^no rules\nBuildFailure: .*ended with 1/);
    assert.match(await broken('unshare', 'echo no namespace; exit 1'), /^no namespace\nBuildFailure: .*ended with 1/);
  });

  test('a script build gets its network where slipway.yml says so, and only there', async (t) => {
    await untilOtherAnswers();
    const world = await openScriptWorld(t);
    const run = `curl -sS -m 10 http://${OTHER.address}/ -o out; curl -m 5 http://${HOST.address}/ && exit 3; true`;
    const { bytes, reason, log } = await world.build({ run, package: 'out', network: true });
    assert.equal(reason, '', log);
    assert.equal(String(bytes), 'the other machine');
    assert.match((await world.build({ run, package: 'out' })).reason, /ended with exit code 7/);
    assert.deepEqual(await carriers(), []);
  });

  test('a server that is killed leaves nothing behind that carries packets', async (t) => {
    const folder = await temporaryFolder(t);
    const server = await startServerProcess(join(folder, 'data'));
    t.after(() => server.end('SIGKILL'));
    const repository = await makeTestRepository(join(folder, 'calc.git'), { mainBranch: 'main' });
    const build = JSON.stringify({ build: { run: 'sleep 600', package: '.', network: true } });
    const [Revision] = await repository.commit([{ branch: 'main', files: { 'slipway.yml': build } }]);
    const post = (to: string, body: unknown) => call(server.url, 'POST', to, body, server.admin);
    assert.equal((await post('/manage/1/apps', { AppId: 'calc', Repository: repository.path })).status, 200);
    assert.equal((await post('/api/1/apps/calc/packages', { Revision, Version: '1.0.0' })).status, 200);
    await until('it runs', async () => (await commands()).some((command) => command.startsWith('sleep\0')));
    assert.equal((await carriers()).length, 1);
    await server.end('SIGKILL');
    await until(
      'all is gone',
      async () => !(await commands()).some((one) => /^(?:slirp4netns|sleep|bwrap)\0/.test(one)),
    );
  });
}

/** Services of this host at every address, and what has reached them. */
async function openServices(t: TestContext): Promise<{ readonly port: number; readonly reached: readonly string[] }> {
  const reached: string[] = [];
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nthis host';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    reached.push(`TCP at ${socket.localAddress}`);
    socket.end(answer);
  });
  server.listen(0, '::');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = createSocket('udp4', (message) => void reached.push(`UDP ${message.toString('latin1')}`));
  socket.bind(port, '0.0.0.0');
  await once(socket, 'listening');
  for (const address of [HOST.address, '127.0.0.1']) socket.addMembership('224.0.0.251', address);
  t.after(() => {
    server.close();
    socket.close();
  });
  return { port, reached };
}

async function untilOtherAnswers(): Promise<void> {
  await until(
    'the other machine answers',
    async () => (await fetch(`http://${OTHER.address}/`).catch(() => undefined))?.ok,
  );
}

async function carriers(): Promise<readonly string[]> {
  return (await commands()).filter((command) => command.startsWith('slirp4netns\0'));
}

async function commands(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
}
