import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { constants, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quote } from '../../domain/refusal.ts';
import { compareBytes } from '../path-order.ts';
import { RepositoryError, type SourceFile, type SourceTree } from '../repository.ts';
import type { Place } from './resolve-svn-revision.ts';
import { runSvn, type SvnRemote } from './run-svn.ts';
import { encodePath } from './svn-address.ts';
import { svnFailure } from './svn-failure.ts';
import { findAll, parseSvnXml, textAt } from './svn-xml.ts';

interface ListedFile extends SourceFile {
  readonly sizeBytes: number;
}

/**
 * Opens the files of a place whose names end in a text, in any case: their list and each content are asked of the
 * remote.
 *
 * @param folder where contents are kept while they are open; made where it is missing
 */
export async function openSvnFiles(
  remote: SvnRemote,
  place: Place,
  ending: string,
  folder: string,
  signal: AbortSignal,
): Promise<SourceTree> {
  const files = await listFiles(remote, place, ending, signal);
  const own = join(folder, randomUUID());
  return {
    committedAt: place.committedAt,
    files,
    emptyFolders: [],
    read: (wanted, readSignal) => read(remote, place, wanted, files, own, readSignal),
    close: () => rm(own, { recursive: true, force: true }),
  };
}

async function listFiles(
  remote: SvnRemote,
  { url, revision }: Place,
  ending: string,
  signal: AbortSignal,
): Promise<readonly ListedFile[]> {
  const timeoutMs = remote.settings.fetchTimeoutMs;
  const args = ['list', '--xml', '--recursive', '--search', `*${ending}`, `${url}@${revision}`];
  const outcome = await runSvn(remote, { args, timeoutMs, signal });
  if (outcome.code !== 0) throw svnFailure(outcome, remote.address, timeoutMs);
  return findAll(parseSvnXml(outcome.stdout), 'entry')
    .filter(({ attributes }) => attributes.kind === 'file')
    .map((entry): ListedFile => {
      const path = textAt(entry, 'name');
      const changed = entry.children.find(({ name }) => name === 'commit')?.attributes.revision ?? '';
      const contentId = createHash('sha256').update(`${url}/${path}@${changed}`).digest('hex');
      return { path, mode: 'file', contentId, sizeBytes: Number(textAt(entry, 'size')) };
    })
    .toSorted((a, b) => compareBytes(a.path, b.path));
}

async function* read(
  remote: SvnRemote,
  { url, revision }: Place,
  wanted: Iterable<SourceFile>,
  listed: readonly ListedFile[],
  folder: string,
  signal: AbortSignal,
) {
  await mkdir(folder, { recursive: true });
  const timeoutMs = remote.settings.fetchTimeoutMs;
  for (const file of wanted) {
    const path = join(folder, file.contentId);
    const args = ['export', '--quiet', '--force', `${url}/${encodePath(file.path)}@${revision}`, path];
    const outcome = await runSvn(remote, { args, timeoutMs, signal });
    if (outcome.code !== 0) throw svnFailure(outcome, remote.address, timeoutMs);
    const sizeBytes = listed.find(({ contentId }) => contentId === file.contentId)?.sizeBytes ?? 0;
    yield { file, sizeBytes, bytes: await openPlainFile(path, file, signal) };
    await rm(path, { force: true });
  }
}

/** A link in the repository becomes one here, and could lead anywhere. */
async function openPlainFile(path: string, file: SourceFile, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((cause) => {
    throw new RepositoryError('unreadable', `${quote(file.path)} is no plain file.`, { cause });
  });
  return createReadStream('', { fd: handle, signal });
}
