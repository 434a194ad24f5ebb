import { closeSync, openSync } from 'node:fs';
import { parseBranch } from '../../src/domain/branch-name.ts';
import { openRepositories } from '../../src/repository/repositories.ts';

/** Resolves a revision while no file can be opened, and again when one can, and says how both went. */
const [mirrorsFolder = '', repository = '', revision = ''] = process.argv.slice(2);
const repositories = openRepositories({ mirrorsFolder, path: process.env.PATH ?? '', home: mirrorsFolder });
const opened = repositories.forApp({ key: 'app', kind: 'git', repository, mainBranch: null });
const { signal } = new AbortController();
const { id } = await opened.resolve({ branch: parseBranch(undefined), revision }, signal);
const read = () =>
  opened.openTree(id, signal).then(
    ({ files }) => `${files.length} files`,
    (error: Error) => `${error.name}: ${error.message}`,
  );

const files = takeAllFiles();
const without = read();
await without;
for (const file of files) closeSync(file);
process.stdout.write(`${await without}, then ${await read()}`);
await repositories.closeAll();

function takeAllFiles(): number[] {
  const taken: number[] = [];
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch {
      return taken;
    }
  }
}
