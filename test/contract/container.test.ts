import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkSandbox } from '../../src/main/check-sandbox.ts';
import { sweepLeftovers } from '../../src/sandbox/container/sweep-leftovers.ts';
import { type ContainerSettings, openSandbox } from '../../src/sandbox/open-sandbox.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { openTestEngine, type TestEngine } from '../support/container-engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { runScript, testSandbox } from './sandbox.ts';

const MIB = 1024 * 1024;
const cleanups: (() => unknown)[] = [];
const opened = await openTestEngine({ after: (work) => void cleanups.push(work) });
after(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});
if (typeof opened === 'string') test('container', { skip: opened }, () => undefined);
else await testContainers(opened);

async function testContainers(engine: TestEngine): Promise<void> {
  const open = async (others: Partial<ContainerSettings>, hidden: readonly string[] = []): Promise<Sandbox> => {
    const found = await openSandbox('container', {
      path: process.env.PATH ?? '',
      hidden,
      containers: { ...engine.settings, ...others },
    });
    assert.ok('sandbox' in found, JSON.stringify(found));
    return found.sandbox;
  };
  const sandbox = await open({});
  testSandbox('container', () => sandbox, ['HOSTNAME', 'HOME', 'TERM', 'container', 'OF_THE_IMAGE', 'SHLVL']);

  test('container: the doctor tries out the engine and the image', async () => {
    const check = async (image: string | undefined) => {
      const [finding] = await checkSandbox('container', process.env.PATH ?? '', { ...engine.settings, image });
      return `${finding?.found} ${finding?.advice}`;
    };
    assert.match(
      await check(engine.settings.image),
      /^podman \d.* runs a command in localhost\/slipway-test:1 undefined$/,
    );
    assert.match(await check(undefined), /^podman \d.*every slipway.yml has to name its image/);
    assert.match(await check('node:99'), /podman pull docker.io\/library\/node:99/);
  });

  test('container: nothing but the room can be written, and no right is had or gained', async (t) => {
    const folders = '/ /usr /etc /dev /home /run /var/tmp /proc/sys/kernel /sys';
    const script = `for path in ${folders}; do [ ! -e $path ] || ! touch $path/x 2>/dev/null || echo "wrote $path"; done
      grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status; [ $(id -u) != 0 ] && id -un; ping -c 1 localhost; true`;
    const { output } = await runScript(t, sandbox, script);
    const none = '0000000000000000';
    assert.match(output, new RegExp(`^CapEff:\t${none}\nCapBnd:\t${none}\nNoNewPrivs:\t1\nSeccomp:\t2\nbuilder\n`));
    assert.match(output, /permitted|permission/i);
  });

  test('container: what is hidden is not seen, even inside of a folder that may be read', async (t) => {
    const tool = await temporaryFolder(t);
    await chmod(tool, 0o755);
    await mkdir(join(tool, 'data'), { mode: 0o755 });
    await writeFile(join(tool, 'data/key'), 'a key');
    const hiding = await open({}, [join(tool, 'data')]);
    const { output } = await runScript(t, hiding, `ls ${tool}; cat ${tool}/data/key`, { readOnly: [tool] });
    assert.match(output, /^data\ncat: .*No such file/);
  });

  test('container: what an image declares as a volume is small, and gone afterwards', async (t) => {
    const script = 'echo x > /volume/file; head -c 30000000 /dev/zero > /volume/large || echo full';
    assert.match((await runScript(t, sandbox, script)).output, /full\n$/);
    assert.equal((await runScript(t, sandbox, 'ls /volume')).output, '');
    assert.equal(await engine.podman('volume', 'ls', '--quiet'), '');
  });

  test('container: limits of processes and memory hold for all processes together', async (t) => {
    const limits = { processes: 24, memoryBytes: 32 * MIB, fileBytes: 64 * MIB, diskBytes: 256 * MIB, timeMs: 60_000 };
    const many = 'for i in $(seq 40); do sleep 30 & done; echo all';
    assert.match((await runScript(t, sandbox, many, { limits })).output, /fork/);
    const large = "x=$(head -c 60000000 /dev/zero | tr '\\0' x); echo $x | wc -c";
    assert.doesNotMatch((await runScript(t, sandbox, large, { limits })).output, /60000001/);
  });

  test('container: the environment is in no list of processes and in no record of the engine', async (t) => {
    const secret = 'several\nlines of "my $ecret"\n\n\'quoted\' \\ and ended\n';
    const seen: string[] = [];
    const script = 'printf "%s" "$TOKEN" > token; echo ready; while ! [ -e /tmp/enough ]; do sleep 0.05; done';
    const room = await temporaryFolder(t);
    const { outcome } = await runScript(t, sandbox, script, {
      room,
      environment: { PATH: '/usr/bin:/bin', TOKEN: secret, LD_PRELOAD: '', DOCKER_HOST: 'nowhere' },
      async onOutput() {
        const [id = ''] = (await engine.podman('ps', '--quiet')).split('\n');
        seen.push(await engine.podman('inspect', id), await readCommandLines());
        await writeFile(join(room, 'tmp/enough'), '');
      },
    });
    assert.deepEqual(outcome, { kind: 'exited', code: 0 });
    assert.equal(await readFile(join(room, 'workspace/token'), 'utf8'), secret);
    assert.match(seen[0] ?? '', /slipway-/);
    assert.ok((seen[1] ?? '').includes('--cap-drop=ALL'));
    for (const text of seen) assert.doesNotMatch(text, /my \$ecret|several.lines/);
  });

  test('container: a command that was ended leaves no container', async (t) => {
    const controller = new AbortController();
    const aborted = runScript(t, sandbox, 'echo begun; sleep 600', {
      signal: controller.signal,
      onOutput: () => controller.abort(new Error('enough')),
    });
    await assert.rejects(aborted, /enough/);
    assert.equal(await engine.podman('ps', '--all', '--quiet'), '');
  });

  test('container: an image that is not there, has no shell or is none is a reason', async (t) => {
    const image = (name: string) => runScript(t, sandbox, 'true', { image: name });
    await assert.rejects(image('node:99'), {
      code: 'toolchain-missing',
      message: /podman pull docker.io\/library\/node:99/,
    });
    await assert.rejects(image('docker-archive:/etc/passwd'), { code: 'build-file' });
    await assert.rejects(image('--privileged'), { code: 'build-file' });
    await assert.rejects(image('localhost/empty:1'), { code: 'no-sandbox', message: /needs a shell/ });
    const none = runScript(t, await open({ image: undefined }), 'true');
    await assert.rejects(none, { code: 'build-file', message: /'image' in slipway.yml.*SLIPWAY_SANDBOX_IMAGE/ });
  });

  test('container: an image is fetched where it may be, in the time of the command, and the log says so', async (t) => {
    const fetching = await open({ pull: 'missing' });
    // Nothing listens there.
    const image = 'localhost:1/absent:1';
    const chunks: Uint8Array[] = [];
    const fetched = runScript(t, fetching, 'true', { image, onOutput: (chunk) => void chunks.push(chunk) });
    await assert.rejects(fetched, { code: 'toolchain-missing', message: /fetching it failed \(.*refused/ });
    assert.match(Buffer.concat(chunks).toString(), /^Fetching the image localhost:1\/absent:1/);
  });

  test('container: without a network of its own a command that wants one is refused', async (t) => {
    assert.match(sandbox.networkRefusal ?? '', /SLIPWAY_SANDBOX_NETWORK/);
    const { output } = await runScript(t, sandbox, 'cat /proc/net/dev | grep -c :; nc -w 1 127.0.0.1 80 || true', {
      network: true,
    });
    assert.match(output, /^1\n/);
    const named = await open({ network: 'slipway-absent' });
    assert.equal(named.networkRefusal, undefined);
    const wanting = runScript(t, named, 'true', { network: true });
    await assert.rejects(wanting, { code: 'no-sandbox', message: /slipway-absent/ });
  });

  test('container: what a killed server has left goes at the next start, and what is of another stays', async () => {
    const run = ['run', '--detach', '--network=none', '--entrypoint=sleep'];
    const start = (owner: string) =>
      engine.podman(...run, `--label=slipway.owner=${owner}`, engine.settings.image, '600');
    const [, other] = [await start('ours'), (await start('others')).trim()];
    await sweepLeftovers({ ...engine.settings, path: process.env.PATH ?? '', owner: 'ours' });
    assert.equal((await engine.podman('ps', '--all', '--quiet', '--no-trunc')).trim(), other);
    await engine.podman('rm', '--force', '--time=0', other);
  });

  test('container: a container does not outlive a server that is killed', async (t) => {
    const room = await temporaryFolder(t);
    const program = new URL('../support/run-in-container.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [program, room, JSON.stringify(engine.settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    assert.notEqual(await engine.podman('ps', '--quiet'), '');
    child.kill('SIGKILL');
    await until('the container is gone', async () => (await engine.podman('ps', '--all', '--quiet')) === '');
    await until('the engine and its guard are gone', async () => !(await readCommandLines()).includes(room));
  });
}

async function readCommandLines(): Promise<string> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.join('\n');
}
