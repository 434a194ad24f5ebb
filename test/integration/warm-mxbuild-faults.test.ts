import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { bubblewrapSandbox } from '../../src/sandbox/bubblewrap.ts';
import { failureOf, openWarmWorld } from '../support/mxbuild/warm-world.ts';
import { until } from '../support/until.ts';

const bubblewrap = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] });

test('whatever a kept MxBuild does instead of a package, it is ended and the build made by another', async (t) => {
  const manners: Readonly<Record<string, { readonly served: object; readonly reason: RegExp }>> = {
    crash: { served: { crash: true }, reason: /gave no answer/ },
    cut: { served: { cut: true }, reason: /gave no answer/ },
    garbage: { served: { garbage: true }, reason: /gave no answer/ },
    busy: { served: { answer: '{"status":"Busy"}' }, reason: /busy/ },
    nothing: { served: { noPackage: true }, reason: /left no package/ },
    linked: { served: { link: '/etc/passwd' }, reason: /left no package/ },
    torn: { served: { torn: true }, reason: /damaged/ },
    other: { served: { metadata: { ModelVersion: '9.9.9' } }, reason: /'9\.9\.9'/ },
    failure: { served: { internal: true }, reason: /it failed: The build failed\./ },
  };
  const { buildAndTell, leftovers } = await openWarmWorld(t, { warm: { most: 9 } });
  await Promise.all(
    Object.entries(manners).map(async ([branch, { served, reason }]) => {
      const built = await buildAndTell({ served }, { branch });
      assert.equal(built.served, undefined, branch);
      assert.match(built.log, /^mxbuild: building anew with another MxBuild/m);
      assert.match(built.log, reason);
    }),
  );
  assert.deepEqual(await leftovers(), []);
});

test('a failure without problems is told as one without service mode tells it', async (t) => {
  const { build } = await openWarmWorld(t);
  const { code, message } = await failureOf(build({ internal: true }));
  assert.deepEqual([code, /exit code 1, an internal error/.test(message)], ['builder-failed', true]);
});

test('one that had built well is started again at once, one that never did after a while', async (t) => {
  let nowMs = 0;
  const { buildAndTell } = await openWarmWorld(t, { warm: { pauseMs: 1000, clock: () => nowMs } });
  await buildAndTell();
  await buildAndTell({ served: { crash: true } });
  const again = await buildAndTell({ served: { crash: true } });
  assert.match(again.log, /MxBuild is ready after/, 'it had built well');
  assert.equal((await buildAndTell()).served, undefined, 'this one had not');
  nowMs = 1001;
  assert.equal((await buildAndTell()).served.builds, 1);
});

for (const [start, readyMs, reason] of [
  [{ refuse: true }, 60_000, /it ended with exit code 4/],
  [{ neverListen: true }, 1000, /it was not ready after 1 s/],
  [{ garbage: true }, 1000, /it was not ready after 1 s/],
] as const) {
  test(`one that does not start well (${Object.keys(start)}) is done without, and not tried each time`, async (t) => {
    const { buildAndTell, leftovers } = await openWarmWorld(t, { start, warm: { readyMs } });
    const { served, log } = await buildAndTell();
    assert.equal(served, undefined);
    assert.match(log, /^mxbuild: MxBuild cannot be kept for the next build, since /m);
    assert.match(log, reason);
    assert.equal((await buildAndTell()).log.includes('cannot be kept'), false);
    assert.deepEqual(await leftovers(), []);
  });
}

test('one that hangs is ended by the time limit, and the build not made again', async (t) => {
  const { build, leftovers } = await openWarmWorld(t, { limits: { timeMs: 2_000 } });
  const { code, message } = await failureOf(build({ served: { hang: true } }));
  assert.deepEqual([code, message], ['time-limit', 'MxBuild took longer than 2 s and was stopped.']);
  assert.deepEqual(await leftovers(), []);
});

test('one that fills the disk between builds is ended, and the next build starts another', async (t) => {
  const { buildAndTell, leftovers } = await openWarmWorld(t, { limits: { diskBytes: 1_000_000 } });
  assert.equal((await buildAndTell({ fill: 2_000_000 })).served.builds, 1);
  await until('it has ended', async () => (await leftovers()).length === 0);
  assert.equal((await buildAndTell()).served.builds, 1);
});

test('links put where the project, the package and the socket were lead nowhere', async (t) => {
  const { folder, buildAndTell } = await openWarmWorld(t, { sandbox: bubblewrap });
  const victim = join(folder, 'victim');
  await mkdir(victim);
  await writeFile(join(victim, 'precious.txt'), 'still here');
  for (const target of [victim, join(victim, 'precious.txt')]) {
    await buildAndTell({ served: { meddle: target } });
    assert.notEqual((await buildAndTell()).served?.builds, 2, 'it is not used again');
  }
  assert.deepEqual(await readdir(victim), ['precious.txt']);
});
