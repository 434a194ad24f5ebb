import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSlipway, startSlipway } from '../support/run-slipway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('the help of a command that takes the settings has its own options first', async (t) => {
  const folder = await temporaryFolder(t);
  const { code, stdout } = await runSlipway(t, folder, ['backup', '--help']);
  assert.equal(code, 0);
  const places = ['--packages', '--force', '\nSettings:', '--host', '--log-level'].map((text) => stdout.indexOf(text));
  assert.ok(places.every((place) => place > 0));
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
});

test('whoever closes the output early, as head does, sees no stack', async (t) => {
  const help = startSlipway(t, await temporaryFolder(t), ['serve', '--help']);
  help.process.stdout?.destroy();
  const { code, stderr } = await help.ended;
  assert.equal(stderr, '');
  assert.equal(code, 0);
});
