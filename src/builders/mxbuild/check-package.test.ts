import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { BuildFailure } from '../../domain/failure.ts';
import { CoalescingWriter } from '../../packaging/coalescing-writer.ts';
import { ZipWriter } from '../../packaging/zip-writer.ts';
import { checkPackage } from './check-package.ts';

const EXPECTED = { RuntimeVersion: '10.12.3.41523', ModelVersion: '1.0.0.9' };
const GOOD = { 'model/metadata.json': JSON.stringify(EXPECTED), 'model/model.mdp': 'x', 'web/index.html': 'x' };

async function zip(members: Readonly<Record<string, string>>): Promise<Buffer> {
  const parts: Buffer[] = [];
  const output = new CoalescingWriter(async (block) => void parts.push(Buffer.from(block)));
  const made = new ZipWriter(output, Date.UTC(2024, 0, 1));
  for (const [path, text] of Object.entries(members)) {
    const body = Buffer.from(text);
    const facts = { method: 'stored', crc32: crc32(body), sizeBytes: body.length, packedBytes: body.length } as const;
    await made.add({ path, mode: 'file' }, { ...facts, body });
  }
  await made.finish();
  await output.flush();
  return Buffer.concat(parts);
}

async function check(t: TestContext, bytes: Uint8Array): Promise<void> {
  const path = join(await temporaryFolder(t), 'package.mda');
  await writeFile(path, bytes);
  const file = await open(path);
  try {
    await checkPackage(file, EXPECTED);
    assert.equal((await file.stat()).size, bytes.length, 'it is still open');
  } finally {
    await file.close();
  }
}

const refused = (what: RegExp) => (error: unknown) =>
  error instanceof BuildFailure && error.code === 'builder-failed' && what.test(error.message);

test('a package with the versions that were asked for is good', async (t) => {
  await check(t, await zip(GOOD));
  await check(t, await zip({ ...GOOD, 'model/metadata.json': `\ufeff${JSON.stringify({ ...EXPECTED, More: 1 })}` }));
});

test('anything else is not, and says why', async (t) => {
  const { 'web/index.html': _, ...withoutWeb } = GOOD;
  await assert.rejects(check(t, await zip(withoutWeb)), refused(/it has no web\/\.$/));
  await assert.rejects(check(t, await zip({ 'web/a': 'x' })), refused(/it has no model\/metadata\.json/));
  const of = (metadata: unknown) => zip({ ...GOOD, 'model/metadata.json': JSON.stringify(metadata) });
  const other = { ...EXPECTED, ModelVersion: '1.0.0.8' };
  await assert.rejects(check(t, await of(other)), refused(/its ModelVersion is '1\.0\.0\.8' and not '1\.0\.0\.9'/));
  await assert.rejects(check(t, await of({ ModelVersion: '1.0.0.9' })), refused(/its RuntimeVersion is 'undefined'/));
  await assert.rejects(check(t, await of([])), refused(/RuntimeVersion/));
  const noJson = zip({ ...GOOD, 'model/metadata.json': '{' });
  await assert.rejects(check(t, await noJson), refused(/no JSON object/));
});

test('what is torn or no zip at all is not', async (t) => {
  const whole = await zip(GOOD);
  for (const bytes of [
    whole.subarray(0, 100),
    whole.subarray(0, whole.length - 1),
    Buffer.from('x'),
    Buffer.alloc(0),
  ]) {
    await assert.rejects(check(t, bytes), refused(/no zip, or a damaged one/));
  }
});
