import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { openCommandLine } from '../support/command-line.ts';
import { makeMendixPackage } from '../support/make-zip.ts';
import { listBlocks, splitWords } from '../support/page-blocks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GUIDE = new URL('../../docs/deploying.md', import.meta.url);
const HOST = 'HOST=http://127.0.0.1:4400';

/** What docs/deploying.md says of uploads, word for word apart from the address. */
test('the command and the script of the guide upload a package, as a form and as it is', async (t) => {
  const { server, richard, call } = await openBuildApiWorld(t);
  const folder = await temporaryFolder(t);
  const zip = await makeMendixPackage({ ModelVersion: '2.5.4.63' });
  await writeFile(join(folder, 'calc.mda'), zip);
  const section = (await readFile(GUIDE, 'utf8')).split(/^## /m).find((text) => text.startsWith('Uploading\n'));
  const [command, script] = listBlocks(section ?? '');

  const slipway = openCommandLine(folder, {
    SLIPWAY_URL: server.url,
    SLIPWAY_USERNAME: richard.username,
    SLIPWAY_API_KEY: richard.apiKey,
  });
  const { code, stderr } = await slipway.run(splitWords(command?.text ?? '').slice(1));
  assert.equal(code, 0, stderr);

  const text = script?.text ?? '';
  assert.ok(text.includes(`\n${HOST}\n`));
  await writeFile(join(folder, 'upload.sh'), text.replace(HOST, `HOST=${server.url}`));
  const credentials = { MENDIX_USERNAME: richard.username, MENDIX_API_KEY: richard.apiKey };
  const env = { PATH: process.env.PATH, POLL_SECONDS: '0.1', ...credentials };
  const { stdout } = await promisify(execFile)('bash', ['upload.sh'], { cwd: folder, env });
  assert.match(stdout, /^\{"PackageId":"[0-9a-f-]{36}"\}\{"Status":"Completed"\}\n$/);

  const { body } = await call('GET', '/api/1/apps/calc/packages');
  const shown = body.map(({ Name, Version, Status, Size }: Record<string, unknown>) => [Name, Version, Status, Size]);
  const one = ['calc-2.5.4.mda', '2.5.4.63', 'Succeeded', zip.length];
  assert.deepEqual(shown, [one, one, one]);
});
