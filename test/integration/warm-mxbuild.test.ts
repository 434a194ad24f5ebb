import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bubblewrapSandbox } from '../../src/sandbox/bubblewrap.ts';
import { noSandbox } from '../../src/sandbox/no-sandbox.ts';
import { buildPackage, FACTS } from '../support/build-package.ts';
import { openMxbuildWorld } from '../support/mxbuild/mxbuild-world.ts';
import { failureOf, openWarmWorld, readServed } from '../support/mxbuild/warm-world.ts';
import { until } from '../support/until.ts';

const bubblewrap = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] });

for (const sandbox of [noSandbox(), bubblewrap]) {
  test(`${sandbox.name}: the next build of a branch is by the same MxBuild, on files of its own`, async (t) => {
    const { builder, treeOf, warm, leftovers, buildAndTell } = await openWarmWorld(t, { sandbox });
    const old = treeOf({ tell: true }, [{ path: 'old.txt', content: 'gone in the next' }]);
    const first = await readServed((await buildPackage(builder, old)).bytes);
    assert.deepEqual(first.seen.project, ['App.mpr', 'deployment', 'mprcontents', 'old.txt', 'stand-in.json']);
    const { served, lines } = await buildAndTell();
    assert.equal(served.builds, 2);
    assert.deepEqual(served.seen.project, ['App.mpr', 'deployment', 'mprcontents', 'stand-in.json']);
    assert.equal(served.seen.around.includes('package.mda'), false);
    assert.deepEqual(served.asked, {
      target: 'Package',
      projectFilePath: first.asked.projectFilePath,
      mdaFilePath: first.asked.mdaFilePath,
      useLooseVersionCheck: false,
      forceFullDeployment: true,
      modelVersion: FACTS.version,
      modelDescription: FACTS.description,
    });
    assert.deepEqual(lines.slice(-2), [
      'mxbuild: building with the MxBuild of the build before',
      `Building ${first.asked.projectFilePath}`,
    ]);
    assert.equal((await leftovers()).length, 1);
    await warm.close();
    assert.deepEqual(await leftovers(), []);
  });
}

test('errors in the model are told as they are without service mode, and the MxBuild stays', async (t) => {
  const at = { document: "Page 'Home'", module: 'MyFirstModule' };
  const problems = [
    { severity: 'Warning', message: 'Unused.', locations: [] },
    { severity: 'Error', message: 'No entity.', locations: [at] },
  ];
  const { build, buildAndTell } = await openWarmWorld(t);
  const warm = await failureOf(build({ problems }));
  const cold = await failureOf((await openMxbuildWorld(t)).build({ problems }));
  assert.equal(warm.code, 'model-errors');
  assert.deepEqual([warm.code, warm.message, warm.problems], [cold.code, cold.message, cold.problems]);
  assert.equal((await buildAndTell()).served.builds, 2);
});

test('what an app or a branch leaves is seen by no other, and the one that was idle for longest makes room', async (t) => {
  const { buildAndTell, leftovers } = await openWarmWorld(t, { sandbox: bubblewrap, warm: { most: 2 } });
  const apps = [{}, { appKey: 'app-2' }, { branch: 'branches/feature' }];
  for (const [at, facts] of apps.entries()) {
    const { served } = await buildAndTell({ leave: `left-${at}` }, facts);
    assert.equal(served.builds, 1);
    assert.deepEqual(
      served.seen.around.filter((name: string) => name.startsWith('left')),
      [],
    );
    assert.equal((await leftovers()).length, Math.min(2, at + 1));
  }
  assert.equal((await buildAndTell({}, apps[1])).served.builds, 2, 'it was not the oldest');
  assert.equal((await buildAndTell({}, apps[0])).served.builds, 1, 'it has made room');
});

test('while it is busy, builds of its branch and, where there may be no more, of others go without', async (t) => {
  const { hang, buildAndTell, leftovers } = await openWarmWorld(t);
  const { building, cancel } = await hang();
  assert.equal((await buildAndTell()).served, undefined);
  assert.equal((await buildAndTell({}, { appKey: 'app-2' })).served, undefined);
  cancel();
  await assert.rejects(building, /^Error: canceled$/);
  assert.deepEqual(await leftovers(), [], 'a canceled build ends it');
  assert.equal((await buildAndTell({}, { appKey: 'app-2' })).served.builds, 1);
});

test('one that nobody needs is ended after a while, and so is that of a deleted app', async (t) => {
  const short = await openWarmWorld(t, { warm: { idleMs: 50 } });
  assert.equal((await short.buildAndTell()).served.builds, 1);
  await until('it has ended', async () => (await short.leftovers()).length === 0);
  const { buildAndTell, warm, leftovers } = await openWarmWorld(t);
  await buildAndTell();
  await warm.endApp('app-2');
  assert.equal((await leftovers()).length, 1);
  await warm.endApp(FACTS.appKey);
  assert.deepEqual(await leftovers(), []);
});
