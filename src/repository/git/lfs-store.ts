import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { quote } from '../../domain/refusal.ts';
import { type FileContent, RepositoryError, type SourceFile } from '../repository.ts';
import { remoteFailure } from './git-failure.ts';
import type { LfsPointer } from './lfs-pointer.ts';
import type { Mirror } from './mirror.ts';
import { runRemote } from './remote.ts';

const INLINE_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/**
 * The contents behind a revision's LFS pointers, kept in the mirror where git-lfs keeps them. All that a revision needs
 * is fetched at once, when the first is missed.
 */
export class LfsStore {
  readonly #mirror: Mirror;
  readonly #commitId: string;
  #fetched: Promise<void> | undefined;

  constructor(mirror: Mirror, commitId: string) {
    this.#mirror = mirror;
    this.#commitId = commitId;
  }

  /** @throws RepositoryError `unreadable` when git-lfs or the content is missing, `unreachable` */
  async content(file: SourceFile, pointer: LfsPointer, signal: AbortSignal): Promise<FileContent> {
    const { oid, sizeBytes } = pointer;
    const path = join(this.#mirror.gitDir, 'lfs', 'objects', oid.slice(0, 2), oid.slice(2, 4), oid);
    if (!(await isThere(path, sizeBytes))) {
      this.#fetched ??= this.#fetch(file, signal).catch((error: unknown) => {
        this.#fetched = undefined;
        throw error;
      });
      await this.#fetched;
    }
    if (!(await isThere(path, sizeBytes))) throw missingContent(file, pointer);
    if (sizeBytes <= INLINE_BYTES) return { file, sizeBytes, bytes: await readFile(path, { signal }) };
    return { file, sizeBytes, bytes: createReadStream(path, { highWaterMark: CHUNK_BYTES, signal }) };
  }

  async #fetch(file: SourceFile, signal: AbortSignal): Promise<void> {
    const { settings, address, gitDir } = this.#mirror;
    const url = address.url.startsWith('/') ? `file://${encodeURI(address.url)}` : address.url;
    const timeoutMs = settings.fetchTimeoutMs;
    const args = ['lfs', 'fetch', url, this.#commitId];
    const outcome = await runRemote(settings, address, { args, gitDir, timeoutMs, signal });
    if (outcome.code === 0) return;
    if (/'lfs' is not a git command/.test(outcome.stderr)) throw missingProgram(file);
    // Some contents may be there all the same; whichever is not is named when it is read.
    if (/does not exist|not found|missing|error: 404/i.test(outcome.stderr)) return;
    throw remoteFailure(outcome, address, timeoutMs);
  }
}

async function isThere(path: string, sizeBytes: number): Promise<boolean> {
  return await stat(path).then(
    (found) => found.size === sizeBytes,
    () => false,
  );
}

function missingProgram(file: SourceFile): RepositoryError {
  return new RepositoryError(
    'unreadable',
    `The file ${quote(file.path)} is kept in Git LFS, and git-lfs is not installed on the build server: install it, for instance with 'apt-get install git-lfs'.`,
  );
}

function missingContent(file: SourceFile, pointer: LfsPointer): RepositoryError {
  return new RepositoryError(
    'unreadable',
    `The content of ${quote(file.path)} is kept in Git LFS and missing there (sha256 ${pointer.oid}): push it with 'git lfs push --all'.`,
  );
}
