import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { ABOUT_TEST, CONTENTS_TEST, writeTestBackup } from '../../test/support/backups.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { BACKUP_FORMAT } from './backup-format.ts';
import { BackupUnusable, openBackup } from './backup-reader.ts';
import { BackupWriter } from './backup-writer.ts';

const MEMBERS = {
  'secret.key': Buffer.from('0123456789'),
  'packages/ab/ab12.1.loyw3v28': Buffer.alloc(1500, 'p'),
  'packages/cd/cd34.1.loyw3v28': Buffer.alloc(0),
  'logs/ab/ab12.log': Buffer.alloc(512, 'l'),
  'slipway.db': Buffer.alloc(700, 'd'),
};

async function readAll(path: string): Promise<Record<string, string>> {
  const backup = await openBackup(path);
  try {
    const found: Record<string, string> = {};
    for await (const member of backup.members()) found[member.name] = (await buffer(member.read())).toString();
    return found;
  } finally {
    await backup.close();
  }
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

test('a backup with any other byte, or cut off anywhere, is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const path = await writeTestBackup(folder, MEMBERS);
  const bytes = await readFile(path);
  const damaged = join(folder, 'damaged.tar');
  // Each block by a step that meets every place in it.
  for (let at = 0; at < bytes.length; at += 37) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(damaged, changed);
    await assert.rejects(readAll(damaged), BackupUnusable, `byte ${at}`);
  }
  for (let size = 0; size < bytes.length; size += 111) {
    await writeFile(damaged, bytes);
    await truncate(damaged, size);
    await assert.rejects(readAll(damaged), BackupUnusable, `${size} bytes`);
  }
  await writeFile(damaged, Buffer.concat([bytes, Buffer.alloc(512)]));
  await assert.rejects(readAll(damaged), isUnusable('damaged'));
});

test('a file that is no backup, and a backup of a newer format, are told apart from damaged ones', async (t) => {
  const folder = await temporaryFolder(t);
  const foreign = join(folder, 'foreign.tar');
  for (const text of ['', 'PK\u0003\u0004', 'x'.repeat(10_000)]) {
    await writeFile(foreign, text);
    await assert.rejects(openBackup(foreign), isUnusable('foreign'));
  }
  execFileSync('tar', ['-cf', foreign, '-C', '/', 'etc/hostname']);
  await assert.rejects(openBackup(foreign), isUnusable('foreign'));
  const newer = { Format: BACKUP_FORMAT + 1, Slipway: '9.9.9', Whatever: true };
  await assert.rejects(openBackup(await writeTestBackup(folder, MEMBERS, newer)), (error: Error) => {
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
    await assert.rejects(openBackup(path), isUnusable('damaged'), name);
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
  assert.equal(written.length, 0);
  const added = await writer.add('slipway.db', 300, failing(2));
  assert.match(String(added?.failure), /the disk is damaged/);
  assert.deepEqual(Buffer.concat(written).subarray(512), Buffer.concat([Buffer.alloc(200, 'x'), Buffer.alloc(100)]));
});

test('memory does not grow with what is backed up', async (t) => {
  const folder = await temporaryFolder(t);
  let sizeBytes = 0;
  const output = async ({ length }: Uint8Array) => {
    sizeBytes += length;
  };
  const writer = await BackupWriter.open(output, 0, join(folder, 'sums'));
  t.after(() => writer.close());
  const chunk = Buffer.alloc(1024 * 1024);
  async function* large() {
    for (let at = 0; at < 96; at += 1) yield chunk;
  }
  await writer.add('packages/ab/ab12', 96 * chunk.length, large());
  const before = process.memoryUsage().rss;
  await writer.add('packages/ab/ab13', 96 * chunk.length, large());
  for (let at = 0; at < 5_000; at += 1) await writer.addBytes(`packages/aa/aa${at}`, chunk.subarray(0, 10));
  assert.ok(sizeBytes > 192 * chunk.length);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 48 * 1024 * 1024, `grew by ${grown} bytes`);
});
