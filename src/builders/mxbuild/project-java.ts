import { posix } from 'node:path';
import { findModelSetting } from '../../mendix-project/model-setting.ts';
import { listProjectDocuments } from '../../mendix-project/project-documents.ts';
import type { SourceTree } from '../../repository/repository.ts';

const MOST_UNIT_BYTES = 4 * 1024 * 1024;

/**
 * Which Java a project is set to: from the setting `JavaVersion` of its model, such as `Java21` (as mxcli writes it).
 *
 * @param file the project file on this machine
 * @param project its path in the tree
 * @returns its major version; undefined where it is not said, or not where it is known to stand
 */
export async function findProjectJava(
  tree: SourceTree,
  project: string,
  file: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const documents = await listProjectDocuments(file);
  const own = documents.flatMap((document) => ('contents' in document ? [document.contents] : []));
  const folder = posix.dirname(project);
  const paths = new Set(
    documents.flatMap((document) => ('file' in document ? [posix.join(folder, document.file)] : [])),
  );
  for (const contents of own) {
    const java = javaIn(contents);
    if (java !== undefined) return java;
  }
  // From the source and not from the workspace, where a link may lead elsewhere.
  const files = tree.files.filter(({ path, mode }) => paths.has(path) && mode !== 'symlink');
  for await (const { sizeBytes, bytes } of tree.read(files, signal)) {
    if (sizeBytes > MOST_UNIT_BYTES) break;
    const java = javaIn(bytes instanceof Uint8Array ? bytes : Buffer.concat(await Array.fromAsync(bytes)));
    if (java !== undefined) return java;
  }
  return undefined;
}

function javaIn(contents: Uint8Array): number | undefined {
  const [, digits] = /^Java(\d{1,2})$/.exec(findModelSetting(contents, 'JavaVersion') ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
}
