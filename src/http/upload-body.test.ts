import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../domain/refusal.ts';
import { readUploadBody } from './upload-body.ts';

const FILE = 'PK\r\n--b is no boundary\r\n-- b\r\n';
const FORM = [
  '--bound',
  'Content-Disposition: form-data; name="Name"',
  '',
  'calc.mda',
  '--bound',
  'Content-Disposition: form-data; name="file"; filename="C:\\folder\\local.mda"',
  'Content-Type: application/octet-stream',
  '',
  FILE,
  '--bound',
  'Content-Disposition: form-data; name="description"',
  '',
  'said',
  '--bound--',
  '',
].join('\r\n');

async function read(pieces: readonly string[], mostBytes = 1000) {
  const file: Buffer[] = [];
  async function* body() {
    for (const piece of pieces) yield Buffer.from(piece);
  }
  const fields = await readUploadBody(body(), mostBytes, async (chunk) => void file.push(Buffer.from(chunk)));
  return { ...fields, file: Buffer.concat(file).toString() };
}

const WHOLE = { name: 'calc.mda', description: 'said', file: FILE };

test('a form is read the same, wherever it comes in two', async () => {
  assert.deepEqual(await read([FORM]), WHOLE);
  for (let at = 1; at < FORM.length; at += 1) assert.deepEqual(await read([FORM.slice(0, at), FORM.slice(at)]), WHOLE);
  assert.deepEqual(await read([...FORM]), WHOLE);
});

test('a form that ends anywhere before its end is refused, and keeps nobody waiting', async () => {
  const end = FORM.length - '--\r\n'.length;
  for (let at = 0; at < end; at += 1) {
    await assert.rejects(read([FORM.slice(0, at)]), { code: 'INVALID_PACKAGE' }, `cut at ${at}`);
  }
});

test('what the body or the taker of the file throws comes through', async () => {
  const broken = new Error('the connection ended');
  async function* body() {
    yield Buffer.from(FORM.slice(0, 250));
    throw broken;
  }
  const take = async () => undefined;
  await assert.rejects(readUploadBody(body(), 1000, take), broken);
  const full = new Refusal('UPLOAD_COPY_FAILED');
  async function* whole() {
    yield Buffer.from(FORM);
  }
  await assert.rejects(
    readUploadBody(whole(), 1000, async () => Promise.reject(full)),
    full,
  );
  await assert.rejects(read([FORM], FILE.length - 1), { code: 'PAYLOAD_TOO_LARGE' });
});

test('a form is not read for longer than it may be, whatever stands beside its file', async () => {
  let pulled = 0;
  async function* body() {
    yield Buffer.from('--b\r\nContent-Disposition: form-data; name="filler"\r\n\r\n');
    for (; ; pulled += 1) yield Buffer.alloc(100_000);
  }
  await assert.rejects(
    readUploadBody(body(), 1000, async () => undefined),
    { code: 'PAYLOAD_TOO_LARGE' },
  );
  assert.ok(pulled <= 11, `${pulled} chunks were read`);
});
