import { quote } from '../domain/refusal.ts';
import type { PackageEntry } from './package-entry.ts';
import { PackageUnreadable } from './package-unreadable.ts';

/** Each level of each path may be a folder of its own: thousands for one member, and a gigabyte of them for a zip. */
const MOST_FOLDERS = 200_000;

/**
 * Sees to it that a package means one tree of files: no two members at one path, and none below a file or a link, by
 * which a link could lead out of the folder that it is unpacked to. A folder may be named again.
 */
export class DistinctPaths {
  readonly #folders = new Set<string>();
  readonly #others = new Set<string>();

  /** @throws PackageUnreadable when the entry's path is taken, or leads through what is no folder */
  add({ path, kind }: Pick<PackageEntry, 'path' | 'kind'>): void {
    this.#addFolders(path);
    if (this.#others.has(path) || (kind !== 'folder' && this.#folders.has(path)))
      throw new PackageUnreadable(`${quote(path)} stands in it twice`);
    (kind === 'folder' ? this.#folders : this.#others).add(path);
  }

  #addFolders(path: string): void {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const folder = path.slice(0, at);
      if (this.#folders.has(folder)) return;
      if (this.#others.has(folder))
        throw new PackageUnreadable(`${quote(folder)} is a file, and ${quote(path)} below it`);
      if (this.#folders.size >= MOST_FOLDERS) throw new PackageUnreadable(`it has more than ${MOST_FOLDERS} folders`);
      this.#folders.add(folder);
    }
  }
}
