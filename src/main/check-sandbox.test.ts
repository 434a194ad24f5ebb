import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSandbox } from './check-sandbox.ts';

test('a sandbox that works is fine, one that is missing comes with advice, and none at all is worth a note', async () => {
  assert.equal((await checkSandbox('auto', process.env.PATH ?? '')).state, 'ok');
  const absent = await checkSandbox('auto', '/nowhere');
  assert.equal(absent.state, 'note');
  assert.match(absent.advice ?? '', /apt-get install bubblewrap/);
  assert.match((await checkSandbox('none', '/nowhere')).advice ?? '', /everything that Slipway may/);
});
