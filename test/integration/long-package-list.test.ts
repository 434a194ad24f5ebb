import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storePackages } from '../bench/store-packages.ts';
import { startTestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PACKAGES = 40_000;
const LIST = '/api/1/apps/app-0/packages';

interface Item {
  readonly PackageId: string;
  readonly Version: string;
  readonly CreationDate: number;
}

test('a list of many thousands of packages is sent while it is read: all of the app, once each, newest first', async (context) => {
  const dataFolder = await temporaryFolder(context);
  const first = await startTestServer(context, { dataFolder });
  await first.stop();
  storePackages(dataFolder, { apps: 2, packages: PACKAGES });
  const server = await startTestServer(context, { dataFolder, buildSlots: 0 });
  const headers = { 'Mendix-Username': 'admin', 'Mendix-ApiKey': first.admin.apiKey };
  const read = async () => (await (await fetch(server.url + LIST, { headers })).json()) as readonly Item[];

  const whole = await read();
  assert.equal(whole.length, PACKAGES / 2);
  assert.equal(new Set(whole.map(({ PackageId }) => PackageId)).size, whole.length);
  assert.deepEqual(
    whole.map(({ Version }) => Number(Version.split('.')[2])),
    Array.from({ length: PACKAGES / 2 }, (_, at) => PACKAGES - 2 - 2 * at),
  );
  assert.ok(whole.every(({ CreationDate }, at) => at === 0 || CreationDate < (whole[at - 1]?.CreationDate ?? 0)));

  const answer = await fetch(server.url + LIST, { headers });
  const reader = answer.body?.getReader();
  assert.ok(reader !== undefined);
  const decoder = new TextDecoder();
  let text = decoder.decode((await reader.read()).value, { stream: true });
  // The oldest has not been looked at yet: most of the list waits for us to read on.
  const oldest = whole.at(-1)?.PackageId ?? '';
  assert.equal((await server.call('DELETE', `${LIST}/${oldest}`, undefined, first.admin)).status, 200);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  const shorter: readonly Item[] = JSON.parse(text);
  assert.deepEqual(shorter, whole.slice(0, -1));
});
