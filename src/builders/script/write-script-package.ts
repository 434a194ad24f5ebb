import { lstat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { BlobWriter } from '../../blob/blob-store.ts';
import { BuildFailure } from '../../domain/failure.ts';
import { quote } from '../../domain/refusal.ts';
import type { MemberCache } from '../../packaging/member-cache/member-cache.ts';
import type { PackageFacts } from '../../packaging/metadata.ts';
import { writePackage } from '../../packaging/write-package.ts';
import { openFolderTree, readFileIn, tooLarge } from './folder-tree.ts';
import { isPattern, pathMatcher } from './path-patterns.ts';
import { resolveInside } from './resolve-inside.ts';

export interface ScriptPackageRequest {
  readonly workspace: string;
  /** Relative paths or patterns. */
  readonly wanted: readonly string[];
  readonly committedAt: number;
  readonly mostBytes: number;
  readonly facts: PackageFacts;
  readonly output: BlobWriter;
  readonly cache: MemberCache;
  readonly appKey: string;
  readonly temporaryFolder: string;
  readonly signal: AbortSignal;
}

/**
 * Makes the package of what a build has left in its workspace, where nothing runs any more: one file is taken as it is,
 * a folder or patterns become a zip.
 *
 * @returns what it holds, in a few words
 * @throws BuildFailure `package-unusable`, `over-limit`, and what {@link writePackage} throws
 */
export async function writeScriptPackage(request: ScriptPackageRequest): Promise<string> {
  const [only = '', ...others] = request.wanted;
  if (others.length > 0 || isPattern(only)) return await writeMatching(request);
  const path = await resolveInside(request.workspace, only);
  if (path === undefined) throw unusable(`The package ${quote(only)} is not there after the last step.`);
  if (path === 'outside') throw unusable(`The package ${quote(only)} leads out of the workspace.`);
  if ((await lstat(path)).isDirectory()) return await writeFolder(request, path, () => true);
  return await writeFile(request, path, only);
}

async function writeMatching(request: ScriptPackageRequest): Promise<string> {
  const root = await resolveInside(request.workspace, '.');
  const isWanted = pathMatcher(request.wanted);
  if (isWanted === undefined) throw unusable('The braces of the package stand for too many patterns: write fewer.');
  return await writeFolder(request, String(root), isWanted);
}

async function writeFolder(
  request: ScriptPackageRequest,
  folder: string,
  isWanted: (path: string) => boolean,
): Promise<string> {
  const tree = await openFolderTree({ ...request, folder, isWanted });
  if (tree.files.length === 0) {
    const names = request.wanted.map(quote).join(', ');
    throw unusable(`The package would hold nothing: ${names} has no files after the last step.`);
  }
  const { files, packageBytes } = await writePackage({ ...request, tree });
  return `${files} ${files === 1 ? 'file' : 'files'}, ${packageBytes} bytes`;
}

async function writeFile(request: ScriptPackageRequest, path: string, name: string): Promise<string> {
  const { output, mostBytes, signal } = request;
  let sizeBytes = 0;
  for await (const chunk of readFileIn(dirname(path), basename(path), signal)) {
    sizeBytes += chunk.length;
    if (sizeBytes > mostBytes) throw tooLarge(name);
    await output.write(chunk);
  }
  if (sizeBytes === 0) throw unusable(`The package ${quote(name)} is empty.`);
  return `the file ${quote(name)} as it is, ${sizeBytes} bytes`;
}

function unusable(message: string): BuildFailure {
  return new BuildFailure('package-unusable', `${message} Look at 'package' in slipway.yml.`);
}
