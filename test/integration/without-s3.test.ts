import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test('a server whose packages are in a folder does not load the SDK of S3', async () => {
  const modules = ['server.ts', 'slipway.ts', 'doctor.ts', 'make-backup.ts'].map((name) =>
    fileURLToPath(new URL(`../../src/main/${name}`, import.meta.url)),
  );
  const script = `
    import { createRequire } from 'node:module';
    for (const path of ${JSON.stringify(modules)}) await import(path);
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(JSON.stringify({ any: loaded.length, sdk: loaded.filter((path) => /@aws-sdk|@smithy/.test(path)) }));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  const { any, sdk } = JSON.parse(stdout);
  assert.ok(any > 0);
  assert.deepEqual(sdk, []);
});
