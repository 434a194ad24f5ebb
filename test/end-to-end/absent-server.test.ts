import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitReason } from '../../src/cli/exit-codes.ts';
import { ClientError } from '../../src/protocol/client-error.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { openCommandLine } from '../support/command-line.ts';
import { startSlipway } from '../support/run-slipway.ts';
import { startTestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('every command says at once that no server is there, and what to do', async (t) => {
  // A port on which nobody listens any more.
  const { url, stop } = await startTestServer(t);
  await stop();
  const variables = { SLIPWAY_URL: url, SLIPWAY_USERNAME: 'ann', SLIPWAY_API_KEY: 'key' };
  const slipway = openCommandLine(await temporaryFolder(t), variables);
  const id = '4ee10492-6cfc-4582-b825-a9040c0988ad';
  for (const words of [
    `build wait calc ${id}`,
    `build wait calc ${id} --follow`,
    `build log calc ${id} --follow`,
    'build start calc --revision 1 --version 1.0.0 --wait',
    'app list',
  ]) {
    const startedAt = performance.now();
    const { code, stderr } = await slipway.run(words.split(' '));
    assert.equal(code, 6, words);
    assert.match(stderr, /^http:\S+ cannot be reached \(ECONNREFUSED\)\. See that it runs, or give another address/);
    assert.ok(performance.now() - startedAt < 20_000, words);
  }
});

test('who waits for a build does not mind that the server restarts meanwhile', async (t) => {
  const world = await openBuildApiWorld(t, { buildSlots: 0 });
  const { url, dataFolder } = world.server;
  const id = await world.startBuild();
  const variables = {
    SLIPWAY_URL: url,
    SLIPWAY_USERNAME: world.richard.username,
    SLIPWAY_API_KEY: world.richard.apiKey,
  };
  const folder = await temporaryFolder(t);
  const waiting = startSlipway(t, folder, ['build', 'wait', 'calc', id], variables);
  const following = startSlipway(t, folder, ['build', 'wait', 'calc', id, '--follow'], variables);
  await Promise.all([waiting.untilPrinted('Queued'), following.untilPrinted('Queued')]);
  await world.server.stop();
  await startTestServer(t, { dataFolder, port: Number(new URL(url).port) });
  for (const { code, stdout, stderr } of await Promise.all([waiting.ended, following.ended])) {
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Succeeded/);
  }
});

test('what a server says of itself, and not of the request, has exit codes of its own', () => {
  const reasonOf = (code: string, status: number) => exitReason(new ClientError(code, '', { status }));
  assert.equal(reasonOf('INTERNAL_ERROR', 500), 'unexpected');
  assert.equal(reasonOf('NOT_READY', 503), 'unreachable');
  assert.equal(reasonOf('SHUTTING_DOWN', 503), 'unreachable');
  assert.equal(reasonOf('PACKAGE_IN_USE', 409), 'refused');
});
