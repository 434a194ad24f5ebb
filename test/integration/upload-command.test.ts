import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { openCommandLine } from '../support/command-line.ts';
import { noise } from '../support/made-content.ts';
import { makeMendixPackage, makeZip } from '../support/make-zip.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('slipway package upload sends a file, and prints the package once it was checked', async (t) => {
  const { server, richard } = await openBuildApiWorld(t, { uploadLimitBytes: 4_000_000 });
  const folder = await temporaryFolder(t);
  const line = openCommandLine(folder, {
    SLIPWAY_URL: server.url,
    SLIPWAY_USERNAME: richard.username,
    SLIPWAY_API_KEY: richard.apiKey,
  });
  const zip = await makeMendixPackage(
    { ModelVersion: '3.2.1' },
    { 'model/a': noise(1_500_000, 'a').toString('latin1') },
  );
  await writeFile(join(folder, 'calc.mda'), zip);
  await writeFile(join(folder, 'broken.mda'), zip.subarray(0, -1));
  await writeFile(join(folder, 'large.mda'), await makeZip({ 'a.bin': noise(6_000_000, 'a') }));

  const plain = await line.run(['package', 'upload', 'calc', 'calc.mda']);
  assert.equal(plain.code, 0, plain.stderr);
  assert.match(plain.stdout, /^Package +calc\.mda\n/);
  assert.match(plain.stdout, /Version +3\.2\.1\n/);
  assert.doesNotMatch(plain.stdout, /Branch|Revision/);

  const options = ['--name', 'other.mda', '--description', 'by hand', '--json'];
  const json = await line.run(['package', 'upload', 'calc', join(folder, 'calc.mda'), ...options]);
  const { Name, Description, Status, Size } = JSON.parse(json.stdout);
  assert.deepEqual([json.code, Name, Description, Status, Size], [0, 'other.mda', 'by hand', 'Succeeded', zip.length]);

  const broken = await line.run(['package', 'upload', 'calc', 'broken.mda', '--json']);
  assert.equal(broken.code, 4);
  assert.equal(JSON.parse(broken.stdout).Status, 'Failed');
  assert.match(broken.stderr, /"errorCode": ?"INVALID_PACKAGE"/);

  const large = await line.run(['package', 'upload', 'calc', 'large.mda']);
  assert.deepEqual([large.code, /more than 4000000 bytes/.test(large.stderr)], [4, true], large.stderr);
  const unknown = await line.run(['package', 'upload', 'nowhere', 'calc.mda']);
  assert.deepEqual([unknown.code, /App not found/.test(unknown.stderr)], [4, true], unknown.stderr);
  for (const missing of ['missing.mda', '.']) {
    const { code, stderr } = await line.run(['package', 'upload', 'calc', missing]);
    assert.deepEqual([code, /cannot be read|is no file/.test(stderr)], [2, true], stderr);
  }
});
