import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Configuration } from '../../src/main/configuration.ts';
import { readZip } from '../support/read-zip.ts';
import { type BuiltPackage, openScriptWorld, type ScriptWorld } from '../support/script-world.ts';
import { until } from '../support/until.ts';

const MIB = 1024 * 1024;
const SECRET_VARIABLE = 'SLIPWAY_TEST_PARENT_SECRET';

export interface Particulars {
  readonly configuration: Partial<Configuration>;
  /** What the first process that a build sees is called. */
  readonly first: string;
  /** Whether a build may have a network, and what a command says that cannot connect in it. */
  readonly networks: readonly { readonly network: boolean; readonly says: RegExp }[];
  /** A command that connects to a port of a host, and ends with 0 where somebody answers. */
  readonly connect: (host: string, port: number) => string;
}

/** What a build may try, and what comes of it. After each the server answers and nothing is left in its `tmp`. */
export function testEscapes(sandbox: string, open: () => Promise<Particulars>): void {
  describe(`a build that means harm, in ${sandbox}`, () => {
    let particulars: Particulars;
    const cleanups: (() => unknown)[] = [];
    let world: ScriptWorld;

    before(async () => {
      particulars = await open();
      process.env[SECRET_VARIABLE] = 'of the parent';
      world = await openScriptWorld(
        { after: (work) => void cleanups.push(work) },
        { ...particulars.configuration, buildDiskBytes: 64 * MIB, buildSlots: 2 },
      );
    });
    after(async () => {
      delete process.env[SECRET_VARIABLE];
      for (const cleanup of cleanups.toReversed()) await cleanup();
    });

    /** Runs a script and packages `out`, which is there already. */
    async function attempt(
      run: string,
      wanted: string | readonly string[] = 'out',
      network = false,
    ): Promise<BuiltPackage> {
      const built = await world.build({ run, package: wanted, network }, { 'out/begun': 'x' });
      assert.equal((await fetch(`${world.server.url}/readyz`)).status, 200);
      await until('the room is gone', async () => (await readdir(join(world.server.dataFolder, 'tmp'))).length === 0);
      return built;
    }

    test('reads no key of the server, no file of another build and nothing else of the data', async () => {
      const { dataFolder } = world.server;
      const keys = await Promise.all(
        ['admin.key', 'link.key', 'secret.key'].map((name) => readFile(join(dataFolder, name))),
      );
      const script = `ls -la '${dataFolder}' && exit 3; cat '${dataFolder}'/*.key && exit 4;
      for key in admin link secret; do cat '${dataFolder}/'$key.key && exit 5; done; ls '${dataFolder}/tmp' && exit 6;
      find / -xdev -name 'admin.key' -o -xdev -name 'slipway.db' 2>/dev/null; ls -d /root /work /home/*; ls /tmp`;
      const { status, log, reason } = await attempt(`( ${script} ) || true`);
      assert.equal(status, 'Succeeded', reason);
      for (const key of keys) {
        for (const form of ['latin1', 'utf8', 'hex'] as const) assert.ok(!log.includes(key.toString(form).trim()));
      }
      assert.match(log, /No such file or directory/);
      assert.doesNotMatch(log, /^\S+ (?:\/\S*admin\.key|\/\S*slipway\.db|\/root)$/m);
    });

    test('sees no file of a build that runs at the same time, and none that lies in the /tmp of the host', async (t) => {
      const { dataFolder } = world.server;
      const name = `marker-${process.pid}`;
      const host = join(tmpdir(), name);
      await writeFile(host, 'of the host');
      t.after(() => rm(host, { force: true }));
      const run = `echo x > ${name}; echo x > /tmp/${name}; until [ -e out/end ]; do sleep 0.1; done`;
      const other = world.build({ run, package: 'out' }, { 'out/begun': 'x' });
      const running = await until('the other build runs', async () => {
        const paths = await readdir(join(dataFolder, 'tmp'), { recursive: true });
        return paths.find((path) => path.endsWith(`workspace/${name}`));
      });
      const { log } = await world.build(
        { run: `find / -name '${name}' 2>/dev/null || true; echo looked`, package: 'out' },
        { 'out/begun': 'x' },
      );
      await writeFile(join(dataFolder, 'tmp', dirname(running), 'out/end'), '');
      assert.equal((await other).status, 'Succeeded');
      assert.match(log, /looked/);
      assert.ok(!log.replaceAll(`-name '${name}'`, '').includes(name), log);
    });

    test('sees no process of the host and nothing of the environment of the server', async () => {
      const { log } = await attempt(
        `env; cat /proc/*/environ | tr '\\0' '\\n'; echo "first: $(cat /proc/1/comm)"; ls /proc`,
      );
      assert.ok(!log.includes(SECRET_VARIABLE));
      assert.match(log, new RegExp(`first: ${particulars.first}`));
    });

    test('reaches no service of this host', async (t) => {
      let connections = 0;
      const service = createServer((socket) => {
        connections++;
        socket.end('reached');
      });
      await new Promise<void>((resolve) => service.listen(0, '0.0.0.0', resolve));
      t.after(() => service.close());
      const address = service.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const own = Object.values(networkInterfaces()).flatMap((interfaces) => interfaces ?? []);
      const hosts = new Set(['127.0.0.1', '169.254.169.254', ...own.map(({ address: one }) => one)]);
      const tries = [...hosts].map((host) => `! ${particulars.connect(host, port)} || exit 3`);
      for (const { network, says } of particulars.networks) {
        const { status, log } = await attempt(`${tries.join('; ')}; true`, 'out', network);
        assert.equal(status, 'Succeeded', log);
        assert.equal(connections, 0);
        assert.match(log, says);
      }
    });

    test('does not fill the machine with processes, and the next build runs', async () => {
      const { status, reason, log } = await attempt(
        'bomb() { bomb | bomb & }; bomb; for i in $(seq 400); do sleep 30 & done; exit 9',
      );
      assert.equal(status, 'Failed');
      assert.match(reason, /ended with exit code [^9]/);
      assert.match(log, /[Cc]an(no|')t fork/);
      assert.equal((await attempt('true')).status, 'Succeeded');
    });

    test('does not fill the disk', async () => {
      const { status, reason } = await attempt(
        'i=0; while head -c 1000000 /dev/zero > out/$i; do i=$((i+1)); sleep 0.01; done',
      );
      assert.equal(status, 'Failed');
      assert.match(reason, /more to the disk than one build may/);
      const sparse = await attempt('truncate -s 60M out/a out/b');
      assert.match(sparse.reason, /holds more than one build may make/);
      assert.equal((await attempt('truncate -s 1T out/a')).status, 'Failed');
    });

    test('leaves no daemon behind', async () => {
      const name = `daemon${process.pid}`;
      const script = `cp /bin/sleep ./${name}; setsid ./${name} 600 < /dev/null > /dev/null 2>&1 & sleep 0.1; echo left`;
      assert.equal((await attempt(script)).status, 'Succeeded');
      const commands = await Promise.all(
        (await readdir('/proc'))
          .filter((entry) => /^\d+$/.test(entry))
          .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
      );
      assert.deepEqual(
        commands.filter((command) => command.includes(name)),
        [],
      );
    });

    test('brings nothing of the host into the package by links or by paths', async () => {
      const { dataFolder } = world.server;
      for (const [run, wanted, expected] of [
        [`ln -s '${dataFolder}/admin.key' out/key`, 'out', /leads out of the package/],
        ['ln -s ../../../../etc/shadow out/shadow', 'out', /leads out of the package/],
        ['ln -s /etc/passwd passwd', 'passwd', /leads out of the workspace/],
        [`ln -s '${dataFolder}' data`, 'data/admin.key', /leads out of the workspace|not there/],
        ['ln -s / root', 'root/etc', /leads out of the workspace/],
        ['ln -s loop loop', 'loop', /leads out of the workspace/],
        ['true', '../workspace', /line 1, column \d+: '..\/workspace' is not a path/],
        ['true', ['out', '../../**'], /is not a path in the workspace/],
      ] as const) {
        const built = await attempt(run, wanted);
        assert.equal(built.status, 'Failed', run);
        assert.match(built.reason, expected);
      }
      const followed = await attempt('mkdir in; ln -s /etc in/etc; ln -s ../out in/out', ['in/**', 'out']);
      assert.match(followed.reason, /leads out of the package, to '\/etc'/);
    });

    test('makes no device node, and a pipe or a socket is no file of a package', async () => {
      assert.equal((await attempt('mknod out/null c 1 3')).status, 'Failed');
      for (const wanted of ['out', 'out/pipe']) {
        assert.match((await attempt('mkfifo out/pipe', wanted)).reason, /is neither a file|is no file/);
      }
    });

    test('a gigantic log, of one line or of many, is bounded', async () => {
      const { log, reason } = await attempt(
        "head -c 9000000 /dev/zero | tr '\\0' x; yes | head -c 2000000; echo; echo the end",
      );
      assert.equal(reason, '');
      assert.ok(log.length < 67 * MIB);
      assert.match(log, /the end/);
      for (const line of log.split('\n')) assert.ok(line.length < 9_000);
    });

    test('a zip bomb that is named as the package is taken as the bytes it is', async () => {
      const script = 'head -c 60000000 /dev/zero | gzip -9 | gzip -9 > bomb.zip';
      const { status, bytes, reason } = await attempt(script, 'bomb.zip');
      assert.equal(status, 'Succeeded', reason);
      assert.ok(bytes.length < 10_000);
    });

    test('takes the modes of its own files away, and they are packaged and removed all the same', async () => {
      const { status, bytes, reason } = await attempt(
        'mkdir -p out/deep; echo x > out/deep/file; chmod 000 out/deep/file out/deep',
      );
      assert.equal(status, 'Succeeded', reason);
      const names = (await readZip(bytes)).map(({ name }) => name);
      assert.deepEqual(names, ['begun', 'deep/file', 'slipway/metadata.json']);
    });
  });
}
