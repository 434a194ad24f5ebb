import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { BLOCK_BYTES, paddingOf, parseTarHeader, tarHeader } from './tar-header.ts';

const MEMBERS = [
  { name: 'empty', sizeBytes: 0, modifiedAt: 1_700_000_000 },
  { name: 'packages/ab/ab12.1.loyw3v28', sizeBytes: 8 * 2 ** 30 - 1, modifiedAt: 1_700_000_000 },
  { name: `${'x'.repeat(99)}y`, sizeBytes: 9 * 2 ** 30 + 5, modifiedAt: 1_900_000_000 },
];

test('a header is read again as it was, and with any other bit it is none', () => {
  for (const member of MEMBERS) {
    const header = tarHeader(member);
    assert.deepEqual(parseTarHeader(header), member);
    for (let at = 0; at < BLOCK_BYTES; at += 1) {
      const changed = Buffer.from(header);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      assert.equal(parseTarHeader(changed), undefined, `byte ${at}`);
    }
  }
});

test('tar reads names, sizes beyond 8 GiB and times as they were written', async (t) => {
  const path = join(await temporaryFolder(t), 'sparse.tar');
  const file = await open(path, 'wx');
  let position = 0;
  for (const member of MEMBERS) {
    await file.write(tarHeader(member), 0, BLOCK_BYTES, position);
    position += BLOCK_BYTES + member.sizeBytes + paddingOf(member.sizeBytes);
  }
  await file.truncate(position + 2 * BLOCK_BYTES);
  await file.close();
  const listed = execFileSync('tar', ['--utc', '-tvf', path], { encoding: 'utf8' }).trim().split('\n');
  assert.deepEqual(
    listed.map((line) => line.split(/\s+/)),
    MEMBERS.map(({ name, sizeBytes, modifiedAt }) => {
      const [date = '', time = ''] = new Date(modifiedAt * 1000).toISOString().split('T');
      return ['-rw-------', '0/0', String(sizeBytes), date, time.slice(0, 5), name];
    }),
  );
});

test('a name that tar has no room for is refused', () => {
  for (const name of ['', 'x'.repeat(101), 'a b', 'ü'])
    assert.throws(() => tarHeader({ name, sizeBytes: 0, modifiedAt: 0 }), /is no name in a tar/);
});
