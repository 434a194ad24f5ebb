import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeTree } from '../../files/remove-tree.ts';
import { measureFolder } from '../../sandbox/watch-disk.ts';
import { resolveInside } from './resolve-inside.ts';

/** Whose caches: nobody else ever sees them. */
export interface CacheOwner {
  readonly appKey: string;
  readonly branch: string;
}

export interface ScriptCachesOptions {
  /** Made when missing; on the same disk as workspaces, since folders are moved between the two. */
  readonly folder: string;
  /** Of all caches together. */
  readonly limitBytes: number;
}

/**
 * What builds keep for the next build of the same app and branch. Taking moves a folder into the workspace, keeping moves
 * it back: nothing is copied, and of two builds at once only one has it. A build that is killed loses it.
 *
 * On disk: a folder per app, in it one per branch, in it one per path and a file with the size.
 */
export interface ScriptCaches {
  /**
   * @param paths where folders go in the workspace; a path where something is already gets nothing
   * @param userId who has to be able to write them: those of somebody else, such as of a container that ran here before,
   *   are thrown away. Undefined where they are given to whoever needs them.
   */
  take(owner: CacheOwner, workspace: string, paths: readonly string[], userId: number | undefined): Promise<void>;
  /** Keeps what is a folder in the workspace. Those that were used least recently make room. */
  keep(owner: CacheOwner, workspace: string, paths: readonly string[], signal: AbortSignal): Promise<void>;
  remove(appKey: string): Promise<void>;
}

export function scriptCaches({ folder, limitBytes }: ScriptCachesOptions): ScriptCaches {
  const folderOf = ({ appKey, branch }: CacheOwner) => join(folder, shortName(appKey), shortName(branch));
  return {
    async take(owner, workspace, paths, userId) {
      for (const path of paths) {
        const to = join(workspace, path);
        if ((await resolveInside(workspace, dirname(path))) === 'outside' || (await exists(to))) continue;
        const from = join(folderOf(owner), shortName(path));
        if (!(await exists(from))) continue;
        if (userId !== undefined && (await lstat(from)).uid !== userId) {
          await removeTree(from);
          continue;
        }
        await mkdir(dirname(to), { recursive: true });
        await rename(from, to);
      }
    },
    async keep(owner, workspace, paths, signal) {
      const kept = folderOf(owner);
      for (const path of paths) {
        const from = await resolveInside(workspace, path);
        if (from === undefined || from === 'outside' || from !== join(await realRoot(workspace), path)) continue;
        if (!(await lstat(from)).isDirectory() || (await measureFolder(from, limitBytes, signal)) > limitBytes)
          continue;
        await mkdir(kept, { recursive: true, mode: 0o700 });
        await removeTree(join(kept, shortName(path)));
        await rename(from, join(kept, shortName(path)));
      }
      if (!(await exists(kept))) return;
      await writeFile(join(kept, 'size'), String(await measureFolder(kept, limitBytes, signal)));
      await utimes(kept, new Date(), new Date());
      await makeRoom(folder, limitBytes);
    },
    remove: (appKey) => removeTree(join(folder, shortName(appKey))),
  };
}

async function realRoot(workspace: string): Promise<string> {
  return String(await resolveInside(workspace, '.'));
}

/** A name for a folder, whatever the text holds. */
function shortName(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

async function makeRoom(folder: string, limitBytes: number): Promise<void> {
  const branches: { path: string; sizeBytes: number; usedAt: number }[] = [];
  for (const app of await readdir(folder)) {
    for (const branch of await readdir(join(folder, app)).catch(() => [])) {
      const path = join(folder, app, branch);
      const sizeBytes = Number(await readFile(join(path, 'size'), 'utf8').catch(() => '0'));
      branches.push({ path, sizeBytes, usedAt: (await lstat(path)).mtimeMs });
    }
  }
  let sumBytes = branches.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const { path, sizeBytes } of branches.toSorted((a, b) => a.usedAt - b.usedAt)) {
    if (sumBytes <= limitBytes) return;
    await removeTree(path);
    sumBytes -= sizeBytes;
  }
}
