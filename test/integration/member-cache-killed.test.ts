import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { archiveBuilder } from '../../src/builders/archive.ts';
import { MemberCache } from '../../src/packaging/member-cache/member-cache.ts';
import { buildPackage } from '../support/build-package.ts';
import { memorySourceTree } from '../support/memory-source-tree.ts';
import { filesOfRevision } from '../support/pack-forever.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../support/pack-forever.ts', import.meta.url));

test('whenever a builder is killed, what it kept gives the same packages as nothing kept', async (t) => {
  const [folder, other, temporary] = [await temporaryFolder(t), await temporaryFolder(t), await temporaryFolder(t)];
  const fresh = archiveBuilder({
    cache: await MemberCache.open({ folder: other, limitBytes: 0 }),
    temporaryFolder: temporary,
  });
  for (const writes of [1, 2, 5, 9, 16]) {
    await killAfter(writes, folder, temporary);
    const cache = await MemberCache.open({ folder, limitBytes: 6_000_000 });
    const builder = archiveBuilder({ cache, temporaryFolder: temporary });
    for (const revision of [0, 1, 6]) {
      const tree = memorySourceTree(filesOfRevision(revision));
      const { bytes } = await buildPackage(builder, tree);
      assert.ok(bytes.equals((await buildPackage(fresh, tree)).bytes), `revision ${revision} after ${writes} writes`);
    }
    assert.ok(cache.sizeBytes <= 6_000_000);
    assert.deepEqual(await readdir(temporary), []);
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.tmp'));
    assert.deepEqual(names, []);
  }
});

async function killAfter(writes: number, cacheFolder: string, temporary: string): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, cacheFolder, temporary], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let seen = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.length;
    if (seen >= writes) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'close');
  assert.equal(signal, 'SIGKILL');
}
