import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../database/database.ts';
import { findMendixVersions as findKnown, insertMendixVersions } from '../database/mendix-versions.ts';
import type { AppRow } from '../database/schema.ts';
import { readAppSettings } from '../domain/app-settings.ts';
import { BuildFailure } from '../domain/failure.ts';
import type { MendixVersion } from '../domain/mendix-version.ts';
import { chooseProjectFile } from '../mendix-project/choose-project-file.ts';
import { readProjectFile } from '../mendix-project/read-project-file.ts';
import { type BranchName, type Repository, RepositoryError, type SourceTree } from '../repository/repository.ts';

export interface FindMendixVersionsDeps {
  readonly database: Database;
  readonly repositoryOf: (app: AppRow) => Repository;
  /** An existing folder that is emptied when the server starts. */
  readonly temporaryFolder: string;
}

export interface RevisionOnBranch {
  readonly revisionId: string;
  readonly branch: BranchName;
}

/** For the reading of project files, which may be many and large: the rest is left to the next call. */
const BUDGET_MS = 5_000;

/**
 * The versions of Mendix that some revisions are of, as their project files say. What was read once is remembered for
 * good, also that there is none.
 *
 * @returns in the order of the revisions; undefined where there is no project file, or none that can be read, or no time
 *   to read it now
 */
export async function findMendixVersions(
  deps: FindMendixVersionsDeps,
  app: AppRow,
  revisions: readonly RevisionOnBranch[],
  signal: AbortSignal,
): Promise<readonly (MendixVersion | undefined)[]> {
  const { ProjectFile } = readAppSettings(app.settings);
  const subjects = revisions.map((revision) => subjectOf(revision, ProjectFile));
  const known = new Map(await findKnown(deps.database.read, app.id, subjects));
  const found = new Map<string, MendixVersion | null>();
  const until = AbortSignal.any([signal, AbortSignal.timeout(BUDGET_MS)]);
  try {
    for (const [at, revision] of revisions.entries()) {
      const subject = subjects[at] ?? '';
      if (known.has(subject) || found.has(subject)) continue;
      found.set(subject, await lookInto(deps, app, revision, ProjectFile, found, until));
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!until.aborted && !(error instanceof RepositoryError)) throw error;
  }
  if (found.size > 0) {
    await deps.database.transaction((queries) => insertMendixVersions(queries, app.id, found));
  }
  return subjects.map((subject) => known.get(subject) ?? found.get(subject) ?? undefined);
}

/** The app's setting chooses the file: what was found with another one does not count. */
function subjectOf({ revisionId, branch }: RevisionOnBranch, projectFile: string | null): string {
  return ['revision', revisionId, branch.name, projectFile ?? ''].join(' ');
}

/** @param found also takes the version of the project file, which many revisions may share */
async function lookInto(
  { database, repositoryOf, temporaryFolder }: FindMendixVersionsDeps,
  app: AppRow,
  { revisionId, branch }: RevisionOnBranch,
  projectFile: string | null,
  found: Map<string, MendixVersion | null>,
  signal: AbortSignal,
): Promise<MendixVersion | null> {
  const tree = await repositoryOf(app).openFiles(revisionId, '.mpr', signal, branch);
  try {
    const file = chooseFile(tree, projectFile);
    if (file === undefined) return null;
    const subject = `content ${file.contentId}`;
    const known = found.get(subject) ?? (await findKnown(database.read, app.id, [subject])).get(subject);
    if (known !== undefined) return known;
    const version = await readVersion(tree, file, join(temporaryFolder, `${randomUUID()}.mpr`), signal);
    found.set(subject, version);
    return version;
  } finally {
    await tree.close();
  }
}

function chooseFile({ files }: SourceTree, projectFile: string | null) {
  const plain = files.filter(({ mode }) => mode !== 'symlink');
  try {
    const path = chooseProjectFile(
      plain.map((file) => file.path),
      projectFile,
    );
    return plain.find((file) => file.path === path);
  } catch (error) {
    if (error instanceof BuildFailure) return undefined;
    throw error;
  }
}

async function readVersion(
  tree: SourceTree,
  file: SourceTree['files'][number],
  path: string,
  signal: AbortSignal,
): Promise<MendixVersion | null> {
  try {
    for await (const { bytes } of tree.read([file], signal)) await writeFile(path, bytes, { flag: 'wx', mode: 0o600 });
    return (await readProjectFile(path, file.path)).mendixVersion;
  } catch (error) {
    if (error instanceof BuildFailure) return null;
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}
