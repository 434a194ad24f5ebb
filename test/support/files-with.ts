import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The files of a folder, at any depth, that contain a text. Those that go away meanwhile do not. */
export async function filesWith(folder: string, text: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const contents = await Promise.all(paths.map((path) => readFile(path).catch(() => Buffer.alloc(0))));
  return paths.filter((_, at) => contents[at]?.includes(text));
}
