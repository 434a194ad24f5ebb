import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, open, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { ABOUT_TEST, CONTENTS_TEST, writeTestBackup } from '../../test/support/backups.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { BACKUP_FORMAT } from './backup-format.ts';
import { BackupUnusable, readAbout, readBackup } from './backup-reader.ts';
import { BackupWriter } from './backup-writer.ts';

const MEBIBYTE = Buffer.alloc(1024 * 1024);
const MEMBERS = {
  'secret.key': Buffer.from('0123456789'),
  'packages/ab/ab12.1.loyw3v28': Buffer.alloc(1500, 'p'),
  'packages/cd/cd34.1.loyw3v28': Buffer.alloc(0),
  'logs/ab/ab12.log': Buffer.alloc(512, 'l'),
  'slipway.db': Buffer.alloc(700, 'd'),
};

/** Everything in a backup, as it is given out before all of it has proved sound. */
async function readAll(path: string, found: Record<string, string> = {}): Promise<Record<string, string>> {
  await readAbout(path);
  const contents = await readBackup(path, async ({ name, content }) => {
    found[name] = (await buffer(content)).toString();
  });
  return { ...found, 'contents.json': JSON.stringify(contents) };
}

const isUnusable = (kind: BackupUnusable['kind']) => (error: unknown) =>
  error instanceof BackupUnusable && error.kind === kind;

test('a backup is read again as it was written', async (t) => {
  const {
    'backup.json': about = '',
    'contents.json': contents = '',
    ...others
  } = await readAll(await writeTestBackup(await temporaryFolder(t), MEMBERS));
  assert.deepEqual([JSON.parse(about), JSON.parse(contents)], [ABOUT_TEST, CONTENTS_TEST]);
  assert.deepEqual(
    others,
    Object.fromEntries(Object.entries(MEMBERS).map(([name, bytes]) => [name, bytes.toString()])),
  );
});

test('tar and sha256sum alone are enough to unpack a backup and to check it', async (t) => {
  const folder = await temporaryFolder(t);
  const path = await writeTestBackup(folder, MEMBERS);
  const unpacked = join(folder, 'unpacked');
  await mkdir(unpacked);
  execFileSync('tar', ['-xf', path, '-C', unpacked]);
  for (const [name, bytes] of Object.entries(MEMBERS)) assert.deepEqual(await readFile(join(unpacked, name)), bytes);
  const checked = execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: unpacked, encoding: 'utf8' });
  assert.equal(checked.trim().split('\n').length, Object.keys(MEMBERS).length + 2);
});

test('a backup with another byte is refused, or read as it was: padding and checksums of headers alone are not looked at', async (t) => {
  const folder = await temporaryFolder(t);
  const path = await writeTestBackup(folder, MEMBERS);
  const bytes = await readFile(path);
  const whole = await readAll(path);
  const damaged = join(folder, 'damaged.tar');
  const header = bytes.indexOf('packages/ab/');
  // Every block by a step that meets every place in it, and a whole header.
  for (let at = 0; at < bytes.length; at += at >= header && at < header + 512 ? 1 : 37) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    await writeFile(damaged, changed);
    const read = await readAll(damaged).catch((error: unknown) => error);
    if (read instanceof BackupUnusable) continue;
    assert.deepEqual(read, whole, `byte ${at}`);
    const isChecksum = at % 512 >= 148 && at % 512 < 156;
    assert.ok(isChecksum || bytes[at] === 0, `byte ${at} of a header is not looked at`);
    assert.ok(at < header || at >= header + 512 || isChecksum, `byte ${at} of a header is not looked at`);
  }
});

test('headers that were changed together with their checksums are found by the SHA-256', async (t) => {
  const folder = await temporaryFolder(t);
  const path = await writeTestBackup(folder, MEMBERS);
  const bytes = await readFile(path);
  const damaged = join(folder, 'damaged.tar');
  const at = bytes.indexOf('packages/ab/');
  // Two bytes of a name, of a size, and of a type and a name: their sum is the same.
  for (const [up, down] of [
    [at + 13, at + 14],
    [at + 124 + 9, at + 124 + 10],
    [at + 156, at + 14],
  ] as const) {
    const changed = Buffer.from(bytes);
    changed[up] = (changed[up] ?? 0) + 1;
    changed[down] = (changed[down] ?? 0) - 1;
    await writeFile(damaged, changed);
    await assert.rejects(readAll(damaged), BackupUnusable, `bytes ${up} and ${down}`);
  }
});

test('a backup that was cut off anywhere, or goes on behind its end, is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const path = await writeTestBackup(folder, MEMBERS);
  const bytes = await readFile(path);
  const damaged = join(folder, 'damaged.tar');
  for (let size = 0; size < bytes.length; size += 111) {
    await writeFile(damaged, bytes);
    await truncate(damaged, size);
    await assert.rejects(readAll(damaged), BackupUnusable, `${size} bytes`);
  }
  await writeFile(damaged, Buffer.concat([bytes, Buffer.alloc(512, 'x')]));
  await assert.rejects(readAll(damaged), isUnusable('damaged'));
});

test('a member beyond 8 GiB is read by us and by tar, as everything behind it', async (t) => {
  const folder = await temporaryFolder(t);
  const path = await writeTestBackup(folder, MEMBERS);
  const sizeBytes = 9 * 2 ** 30 + 5;
  const chunks: Buffer[] = [];
  const output = async (chunk: Uint8Array) => {
    if (chunk.length === MEBIBYTE.length) throw new Error('That is enough.');
    chunks.push(Buffer.from(chunk));
  };
  async function* content() {
    for (;;) yield MEBIBYTE;
  }
  const writer = await BackupWriter.open(output, 1_700_000_000_000, join(folder, 'sums'));
  t.after(() => writer.close());
  await assert.rejects(writer.add('packages/ef/ef56', sizeBytes, content()), /That is enough/);
  const header = Buffer.concat(chunks);
  const sparse = join(folder, 'sparse.tar');
  const file = await open(sparse, 'wx');
  await file.write(header, 0, header.length, 0);
  await file.write(await readFile(path), 0, undefined, header.length + Math.ceil(sizeBytes / 512) * 512);
  await file.close();
  const listed = execFileSync('tar', ['--utc', '-tvf', sparse], { encoding: 'utf8' }).trim().split('\n');
  assert.match(listed[0] ?? '', /^-rw------- 0\/0 +9663676421 2023-11-14 22:13 packages\/ef\/ef56$/);
  assert.equal(listed.length, 1 + Object.keys(MEMBERS).length + 3);
  let seen: unknown;
  const read = readBackup(sparse, async ({ name, sizeBytes }) => {
    seen = { name, sizeBytes };
    throw new Error('That is enough.');
  });
  await assert.rejects(read, /That is enough/);
  assert.deepEqual(seen, { name: 'packages/ef/ef56', sizeBytes });
});

test('a file that is no backup, and a backup of a newer format, are told apart from damaged ones', async (t) => {
  const folder = await temporaryFolder(t);
  const foreign = join(folder, 'foreign.tar');
  for (const text of ['', 'PK\u0003\u0004', 'x'.repeat(10_000)]) {
    await writeFile(foreign, text);
    await assert.rejects(readAll(foreign), isUnusable('foreign'));
  }
  execFileSync('tar', ['-cf', foreign, '-C', '/', 'etc/hostname']);
  await assert.rejects(readAll(foreign), isUnusable('foreign'));
  const newer = { Format: BACKUP_FORMAT + 1, Slipway: '9.9.9', Whatever: true };
  await assert.rejects(readAll(await writeTestBackup(folder, MEMBERS, newer)), (error: Error) => {
    assert.ok(isUnusable('too-new')(error));
    assert.match(error.message, /newer format 2: restore it with Slipway 9\.9\.9 or later/);
    return true;
  });
});

test('a member that belongs to no data folder is refused', async (t) => {
  for (const name of [
    '../../etc/passwd',
    '/etc/passwd',
    'packages/ab/cd34.1.a',
    'packages/ab',
    'other',
    'logs/ab/ab12',
  ]) {
    const path = await writeTestBackup(await temporaryFolder(t), { ...MEMBERS, [name]: Buffer.from('x') });
    await assert.rejects(readAll(path), isUnusable('damaged'), name);
  }
});

test('a content that ends early is made up for with zeros and said, and one without a beginning is left out', async (t) => {
  const folder = await temporaryFolder(t);
  const written: Buffer[] = [];
  const writer = await BackupWriter.open(
    async (chunk) => void written.push(Buffer.from(chunk)),
    0,
    join(folder, 'sums'),
  );
  t.after(() => writer.close());
  async function* failing(chunks: number) {
    for (let at = 0; at < chunks; at += 1) yield Buffer.alloc(100, 'x');
    throw new Error('the disk is damaged');
  }
  assert.equal(await writer.add('slipway.db', 300, failing(0)), undefined);
  const added = await writer.add('slipway.db', 300, failing(2));
  assert.match(String(added?.failure), /the disk is damaged/);
  await writer.finish();
  const bytes = Buffer.concat(written);
  assert.equal(bytes.toString('latin1', 0, 11), 'slipway.db\0');
  assert.deepEqual(bytes.subarray(512, 812), Buffer.concat([Buffer.alloc(200, 'x'), Buffer.alloc(100)]));
});

test('a reader may use its buffer again as soon as it is asked for more', async (t) => {
  const folder = await temporaryFolder(t);
  const released = Promise.withResolvers<void>();
  const written: Buffer[] = [];
  const output = async (chunk: Uint8Array) => {
    await released.promise;
    written.push(Buffer.from(chunk));
  };
  const writer = await BackupWriter.open(output, 0, join(folder, 'sums'));
  t.after(() => writer.close());
  async function* reused() {
    const chunk = Buffer.alloc(512);
    for (const letter of 'abc') yield chunk.fill(letter);
    chunk.fill('d');
  }
  await writer.add('slipway.db', 1536, reused());
  released.resolve();
  await writer.finish();
  const expected = Buffer.concat(['a', 'b', 'c'].map((letter) => Buffer.alloc(512, letter)));
  assert.deepEqual(Buffer.concat(written).subarray(512, 2048), expected);
});

test('memory does not grow with what is backed up', async (t) => {
  const folder = await temporaryFolder(t);
  let sizeBytes = 0;
  const output = async ({ length }: Uint8Array) => {
    sizeBytes += length;
  };
  const writer = await BackupWriter.open(output, 0, join(folder, 'sums'));
  t.after(() => writer.close());
  async function* large() {
    for (let at = 0; at < 96; at += 1) yield MEBIBYTE;
  }
  await writer.add('packages/ab/ab12', 96 * MEBIBYTE.length, large());
  const before = process.memoryUsage().rss;
  await writer.add('packages/ab/ab13', 96 * MEBIBYTE.length, large());
  for (let at = 0; at < 5_000; at += 1) await writer.addBytes(`packages/aa/aa${at}`, MEBIBYTE.subarray(0, 10));
  assert.ok(sizeBytes > 192 * MEBIBYTE.length);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 48 * 1024 * 1024, `grew by ${grown} bytes`);
});
