import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { rotateStoredSecrets } from '../../src/main/rotate-stored-secrets.ts';
import { github } from '../support/forge-pushes.ts';
import { openPushWorld, sendPush } from '../support/push-world.ts';
import { startTestServer, testConfiguration } from '../support/server.ts';

test('the secret for pushes is encrypted at rest, and sealed anew with another key', async (t) => {
  const world = await openPushWorld(t);
  const { secret, server, revisions } = world;
  const { dataFolder } = server;
  const sent = github({ branch: 'topic', before: revisions[0], after: revisions[1] }, secret);
  assert.equal((await world.send(sent)).status, 200);
  await server.stop();
  const rotation = { newKey: undefined, clock: Date.now };
  const rotated = await rotateStoredSecrets(testConfiguration(dataFolder), { ...rotation, dropUnreadable: false });
  assert.equal(rotated.Encrypted, 1);
  const key = secret.replace('whsec_', '');
  for (const file of ['slipway.db', 'slipway.db-wal']) {
    const bytes = await readFile(join(dataFolder, file)).catch(() => Buffer.alloc(0));
    assert.ok(!bytes.includes(key), file);
  }
  const again = await startTestServer(t, { dataFolder });
  assert.equal((await sendPush(again.url, sent, 'calc')).status, 200);
});
