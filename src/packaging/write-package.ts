import type { BlobWriter } from '../blob/blob-store.ts';
import { compareBytes, sortByPath } from '../repository/path-order.ts';
import type { SourceFile, SourceTree } from '../repository/repository.ts';
import { CoalescingWriter } from './coalescing-writer.ts';
import { packBytes } from './deflate.ts';
import type { MemberPlace, PackedMember } from './member.ts';
import type { CacheSession } from './member-cache/cache-session.ts';
import type { MemberCache } from './member-cache/member-cache.ts';
import { METADATA_PATH, type PackageFacts, renderMetadata } from './metadata.ts';
import { packContents } from './pack-contents.ts';
import { checkPath, planPackage } from './plan-package.ts';
import { ZipWriter } from './zip-writer.ts';

/**
 * Writes the package of a source tree: a zip of its files, of its empty folders and of `slipway/metadata.json`.
 *
 * The folder owns how bytes become a package: the zip's records, deflating, and what is kept of it for the next build.
 * It does not own where files come from and where packages go.
 *
 * Invariant: the bytes of a package depend on the tree and the facts alone, never on what was kept, and memory does not
 * grow with their size.
 */
export interface PackageRequest {
  readonly tree: SourceTree;
  readonly facts: PackageFacts;
  readonly output: BlobWriter;
  readonly cache: MemberCache;
  /** Names the app in the cache. */
  readonly appKey: string;
  /** An existing folder for temporary files; nothing is left in it. */
  readonly temporaryFolder: string;
  readonly signal: AbortSignal;
}

export interface PackageSummary {
  /** Neither folders nor the metadata are counted. */
  readonly files: number;
  /** Of these, how many came from an earlier build as they are. */
  readonly reused: number;
  readonly deflated: number;
  readonly stored: number;
  readonly contentBytes: number;
  readonly packageBytes: number;
}

/**
 * @throws BuildFailure `source-unreadable` when a file stands where the metadata goes or its name is too long for a zip,
 *   `disk-full` when the temporary folder is full; RepositoryError, BlobError and the signal's reason pass through
 */
export async function writePackage(request: PackageRequest): Promise<PackageSummary> {
  const { tree, output, signal } = request;
  const session = await request.cache.openSession(request.appKey);
  const writer = new CoalescingWriter((block) => output.write(block));
  const tally = { files: tree.files.length, reused: 0, deflated: 0, stored: 0, contentBytes: 0 };
  try {
    const zip = new ZipWriter(writer, tree.committedAt);
    for await (const { place, member, origin } of membersInOrder(request, session)) {
      signal.throwIfAborted();
      await zip.add(place, member);
      if (origin !== 'own') tally[origin === 'reused' ? 'reused' : member.method]++;
      tally.contentBytes += member.sizeBytes;
    }
    await zip.finish();
    await writer.flush();
    return { ...tally, packageBytes: writer.sizeBytes };
  } finally {
    await writer.settle();
    await session.close();
  }
}

interface MemberInOrder {
  readonly place: MemberPlace;
  readonly member: PackedMember;
  readonly origin: 'source' | 'reused' | 'own';
}

/** Every member of the package, by the bytes of its path. Each must be used up before the next is taken. */
async function* membersInOrder(request: PackageRequest, session: CacheSession): AsyncGenerator<MemberInOrder> {
  const { tree, temporaryFolder, signal } = request;
  const plan = await planPackage(tree.files, (contentId) => session.find(contentId));
  const own = await ownMembers(request);
  const reused = session.read(plan.reused);
  const packed = packContents(tree, plan.toPack, temporaryFolder, signal);
  try {
    for (const [index, file] of tree.files.entries()) {
      while (own[0] !== undefined && compareBytes(own[0].place.path, file.path) < 0) yield* own.splice(0, 1);
      if (plan.kept[index] === undefined) {
        yield* kept(session, file, await next(packed));
        continue;
      }
      const member = await next(reused);
      if (member !== undefined) yield { place: file, member, origin: 'reused' };
      else
        for await (const again of packContents(tree, [file], temporaryFolder, signal))
          yield* kept(session, file, again);
    }
    yield* own;
  } finally {
    await Promise.allSettled([reused.return(undefined), packed.return(undefined)]);
  }
}

async function next<T>(members: AsyncGenerator<T, void>): Promise<T> {
  const { done, value } = await members.next();
  if (done === true) throw new Error('there are fewer members than files');
  return value;
}

async function* kept(session: CacheSession, file: SourceFile, member: PackedMember): AsyncGenerator<MemberInOrder> {
  yield { place: file, member, origin: 'source' };
  await session.keep(file.contentId, member);
}

const EMPTY = { method: 'stored', crc32: 0, sizeBytes: 0, packedBytes: 0, body: new Uint8Array() } as const;

/** What a package holds beside the files of the tree, by the bytes of their paths. */
async function ownMembers({ tree, facts }: PackageRequest): Promise<MemberInOrder[]> {
  const folders = tree.emptyFolders.map((path): MemberPlace => ({ path: `${path}/`, mode: 'folder' }));
  for (const { path } of folders) checkPath(path);
  const metadata = await packBytes(renderMetadata(facts));
  const places = sortByPath<MemberPlace>([...folders, { path: METADATA_PATH, mode: 'file' }]);
  return places.map((place) => ({ place, member: place.mode === 'folder' ? EMPTY : metadata, origin: 'own' }));
}
