import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { makeTestRepository } from '../../../test/support/git.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { CatFilePool } from './cat-file-pool.ts';
import type { GitSettings } from './git-settings.ts';
import { maintainMirror } from './maintain-mirror.ts';
import { createObjectMemory } from './object-memory.ts';
import { readObject } from './read-objects.ts';

it('joins many packs, loses nothing that no branch leads to, and disturbs no reader', async (test) => {
  const folder = await temporaryFolder(test);
  const mirror = await makeTestRepository(join(folder, 'mirror.git'));
  await mirror.git(['config', 'fastimport.unpackLimit', '1']);
  const [lost = ''] = await mirror.commit([{ branch: 'lost', files: { a: 'lost' } }]);
  const settings: GitSettings = {
    path: process.env.PATH ?? '',
    home: folder,
    privateFolder: '/nonexistent',
    globalConfig: '/dev/null',
    extraEnvironment: {},
    connectTimeoutMs: 10_000,
    fetchTimeoutMs: 60_000,
    localTimeoutMs: 10_000,
  };
  const pool = new CatFilePool(settings, { idleMs: 60_000, mostIdle: 8 });
  test.after(() => pool.endIdle());
  const source = { pool, memory: createObjectMemory(), gitDir: mirror.path };
  const { signal } = new AbortController();
  assert.equal((await readObject(source, lost, signal)).found, true);
  for (let at = 0; at < 50; at++) await mirror.commit([{ branch: `b${at}`, files: { a: `${at}` } }]);
  await mirror.git(['update-ref', '-d', 'refs/heads/lost']);
  await maintainMirror(settings, mirror.path, signal);
  const packs = (await readdir(join(mirror.path, 'objects', 'pack'))).filter((name) => name.endsWith('.pack'));
  assert.ok(packs.length < 10, `${packs.length} packs`);
  for (const name of [lost, `${lost}:a`, await mirror.git(['rev-parse', 'b49'])]) {
    assert.equal((await readObject(source, name, signal)).found, true, name);
  }
});
