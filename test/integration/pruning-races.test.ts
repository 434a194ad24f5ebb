import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { environmentCalls } from '../support/environments.ts';

const RACES = 12;

test('a package that is transported, pinned and pruned at once is kept or gone, and never both', async (t) => {
  const world = await openBuildApiWorld(t);
  const { server } = world;
  const modes = Array.from({ length: RACES }, (_, index) => `Race${index}`);
  for (const Mode of modes) await server.call('POST', '/manage/1/apps/calc/environments', { Mode });
  const rivals = await Promise.all(modes.map(() => world.build({ Version: '1.0.0' })));
  const pinned = await Promise.all(modes.map(() => world.build({ Version: '2.0.0' })));
  await world.build({ Version: '3.0.0' });
  const prune = () => server.call('POST', '/manage/1/apps/calc/prune', { KeepNewest: 1 });
  const packagePath = (id: string) => `/api/1/apps/calc/packages/${id}`;

  const pruning = prune();
  const transports = modes.map((mode, at) => environmentCalls(world.call, mode).transport(rivals[at].PackageId));
  const pins = pinned.map(({ PackageId }) => world.call('PUT', `${packagePath(PackageId)}/pin`));
  const again = prune();
  const answers = await Promise.all(transports);
  const pinAnswers = await Promise.all(pins);
  const counts = [await pruning, await again].map(({ body }) => body.Count);

  for (const [at, { body }] of answers.entries()) {
    const found = await world.call('GET', packagePath(rivals[at].PackageId));
    const held = await world.call('GET', `${environmentCalls(world.call, modes[at] ?? '').path}/package`);
    const outcome = [body.errorCode, found.status, held.status];
    assert.deepEqual(outcome, body.errorCode === undefined ? [undefined, 200, 200] : ['PACKAGE_NOT_FOUND', 404, 404]);
  }
  for (const [at, { status }] of pinAnswers.entries()) {
    const found = await world.call('GET', packagePath(pinned[at].PackageId));
    assert.equal(found.status, status);
  }
  const left = (await world.call('GET', '/api/1/apps/calc/packages')).body.length;
  assert.equal(counts[0] + counts[1] + left, 2 * RACES + 1);
});
