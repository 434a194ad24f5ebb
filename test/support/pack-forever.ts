import { archiveBuilder } from '../../src/builders/archive.ts';
import { MemberCache } from '../../src/packaging/member-cache/member-cache.ts';
import { buildPackage } from './build-package.ts';
import { noise, sourceText } from './made-content.ts';
import { memoryBlobWriter } from './memory-blob-writer.ts';
import { type MadeFile, memorySourceTree } from './memory-source-tree.ts';

/** The files of one of many revisions; each differs from the one before in a fifth of them. */
export function filesOfRevision(revision: number): readonly MadeFile[] {
  return Array.from({ length: 50 }, (_, at) => {
    const seed = `${at} ${Math.floor((revision + at) / 5)}`;
    return { path: `f${at}`, content: at % 3 === 0 ? noise(30_000, seed) : sourceText(40_000, seed) };
  });
}

/** Builds one revision after the other, saying so at each write, until it is killed. */
async function packForever(cacheFolder: string, temporaryFolder: string): Promise<never> {
  const cache = await MemberCache.open({ folder: cacheFolder, limitBytes: 6_000_000 });
  const builder = archiveBuilder({ cache, temporaryFolder });
  for (let revision = 0; ; revision++) {
    const output = memoryBlobWriter(() => void process.stdout.write('.'));
    await buildPackage(builder, memorySourceTree(filesOfRevision(revision)), { output });
  }
}

if (import.meta.main) await packForever(process.argv[2] ?? '', process.argv[3] ?? '');
