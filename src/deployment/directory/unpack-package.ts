import { chmod, type FileHandle, mkdir, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { quote } from '../../domain/refusal.ts';
import { syncFolder } from '../../files/sync-folder.ts';
import type { PackageEntry } from '../../packaging/package-entry.ts';
import { PackageUnreadable } from '../../packaging/package-unreadable.ts';
import type { PackageZip } from '../../packaging/package-zip.ts';
import { linkLeadsInside } from './link-leads-inside.ts';
import { shareOut } from './share-out.ts';

/** Of all files of a package together, by what its directory says, which its contents are held against. */
const MOST_BYTES = 16 * 1024 ** 3;
/** Many small files wait for the disk, and may do so together. */
const WRITERS = 8;
const LONGEST_TARGET_BYTES = 4095;

/**
 * Unpacks a package into a folder, which is made, and makes it durable. Files get the modes 644 and 755, whatever the
 * package says: who may read them is for the folder around them to say.
 *
 * @throws PackageUnreadable for what is no package, or one that leads out of the folder; BlobError; the reason of the
 *   signal; in each case the folder is left as it was then
 */
export async function unpackPackage(zip: PackageZip, folder: string, signal: AbortSignal): Promise<void> {
  const folders = new Map<string, Promise<void>>();
  const links: PackageEntry[] = [];
  let left = MOST_BYTES;
  await makeFolder(folder);
  await shareOut(zip.entries(), WRITERS, signal, async (entry, bound) => {
    left -= entry.sizeBytes;
    if (left < 0) throw new PackageUnreadable(`unpacked, it has more than ${MOST_BYTES} bytes`);
    if (entry.kind === 'symlink') return void links.push(entry);
    await ensureFolder(folders, folder, entry.kind === 'folder' ? entry.path : dirname(entry.path));
    if (entry.kind === 'file') await writeEntry(zip, entry, join(folder, entry.path), bound);
  });
  // After everything else: nothing is ever written through a link.
  for (const entry of links) {
    signal.throwIfAborted();
    await ensureFolder(folders, folder, dirname(entry.path));
    await symlink(await readTarget(zip, entry), join(folder, entry.path));
  }
  for (const path of folders.keys()) await syncFolder(join(folder, path));
  await syncFolder(folder);
}

function ensureFolder(folders: Map<string, Promise<void>>, root: string, path: string): Promise<void> {
  if (path === '.') return Promise.resolve();
  const making =
    folders.get(path) ??
    ensureFolder(folders, root, dirname(path)).then(async () => {
      await makeFolder(join(root, path));
    });
  folders.set(path, making);
  return making;
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path);
  // The server's own mask lets nobody in.
  await chmod(path, 0o755);
}

async function writeEntry(zip: PackageZip, entry: PackageEntry, path: string, signal: AbortSignal): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    for await (const chunk of await zip.open(entry)) {
      signal.throwIfAborted();
      await writeAll(handle, chunk);
    }
    await handle.chmod(entry.isExecutable ? 0o755 : 0o644);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < chunk.byteLength) offset += (await handle.write(chunk, offset)).bytesWritten;
}

async function readTarget(zip: PackageZip, entry: PackageEntry): Promise<string> {
  const target = entry.sizeBytes <= LONGEST_TARGET_BYTES ? await text(await zip.open(entry)) : '';
  if (linkLeadsInside(entry.path, target)) return target;
  throw new PackageUnreadable(`the link ${quote(entry.path)} leads to ${quote(target)}, which may be outside of it`);
}
