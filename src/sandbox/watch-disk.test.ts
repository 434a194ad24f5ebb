import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { until } from '../../test/support/until.ts';
import { measureFolder, watchDisk } from './watch-disk.ts';

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;

test('what is written fast is noticed long before the next look is due', async (t) => {
  const folder = await temporaryFolder(t);
  const [stop, file] = [new AbortController(), Buffer.alloc(8 * MIB, 'x')];
  t.after(() => stop.abort());
  let isFull = false;
  const onFull = () => {
    isFull = true;
  };
  const watched = watchDisk([folder], 24 * MIB, onFull, stop.signal, { glanceMs: 5, lookMs: HOUR_MS });
  // Flushed, since some file systems give out space only then.
  for (let at = 0; at < 40 && !isFull; at++) await writeFile(join(folder, `file${at}`), file, { flush: true });
  await until('it is noticed', () => isFull);
  await watched;
});

test("what others write on the same disk is nobody else's doing", async (t) => {
  const [folder, other] = [await temporaryFolder(t), await temporaryFolder(t)];
  const stop = new AbortController();
  const watched = watchDisk([folder], MIB, () => assert.fail('nothing was written'), stop.signal, {
    glanceMs: 1,
    lookMs: 5,
  });
  for (let at = 0; at < 5; at++) {
    await writeFile(join(other, 'file'), Buffer.alloc(8 * MIB, 'x'), { flush: true });
    await rm(join(other, 'file'));
  }
  stop.abort();
  await watched;
});

test('what is in a folder whose name is not text counts, and so does a file without content', async (t) => {
  const folder = await temporaryFolder(t);
  const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]);
  await mkdir(odd);
  const { signal } = new AbortController();
  const without = await measureFolder(folder, Infinity, signal);
  await writeFile(Buffer.concat([odd, Buffer.from('/large')]), Buffer.alloc(MIB, 'x'), { flush: true });
  for (let at = 0; at < 100; at++) await writeFile(join(folder, `empty${at}`), '');
  const withThem = await measureFolder(folder, Infinity, signal);
  assert.ok(withThem - without >= MIB + 100 * 1024, `${withThem - without}`);
});
