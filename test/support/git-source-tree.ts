import { execFileSync, spawn } from 'node:child_process';
import type { FileContent, SourceFile, SourceTree } from '../../src/repository/repository.ts';

const MODES: Readonly<Record<string, SourceFile['mode']>> = { '100755': 'executable', '120000': 'symlink' };

/** A tree of a Git repository, read by the shortest way there is: one `git cat-file --batch` for each reading. */
export function gitSourceTree(gitDir: string, revision: string): SourceTree {
  const git = (...args: string[]) => execFileSync('git', ['-C', gitDir, ...args], { maxBuffer: 2 ** 30 }).toString();
  const committedAt = Number(git('log', '-1', '--format=%ct', revision)) * 1000;
  const lines = git('ls-tree', '-r', '-z', '--full-tree', revision).split('\0').filter(Boolean);
  const files = lines.map((line) => {
    const [facts = '', path = ''] = line.split('\t');
    const [mode = '', , contentId = ''] = facts.split(' ');
    return { path, mode: MODES[mode] ?? 'file', contentId };
  });
  return { committedAt, files, read: (wanted, signal) => read(gitDir, wanted, signal), close: async () => undefined };
}

async function* read(gitDir: string, files: Iterable<SourceFile>, signal: AbortSignal): AsyncGenerator<FileContent> {
  const wanted = [...files];
  if (wanted.length === 0) return;
  const child = spawn('git', ['-C', gitDir, 'cat-file', '--batch', '--buffer'], { signal });
  child.on('error', () => undefined);
  child.stdin.end(wanted.map(({ contentId }) => `${contentId}\n`).join(''));
  const chunks = child.stdout[Symbol.asyncIterator]();
  let have: Buffer[] = [];
  let haveBytes = 0;
  const take = async (sizeBytes: number): Promise<Buffer> => {
    while (haveBytes < sizeBytes) {
      const { done, value } = await chunks.next();
      if (done === true) throw new Error('git ended');
      have.push(value);
      haveBytes += value.length;
    }
    const all = have.length === 1 && have[0] !== undefined ? have[0] : Buffer.concat(have);
    have = [all.subarray(sizeBytes)];
    haveBytes = all.length - sizeBytes;
    return all.subarray(0, sizeBytes);
  };
  const line = async (): Promise<string> => {
    for (let length = 64; ; length++) {
      const at = (have[0] ?? Buffer.alloc(0)).indexOf(10);
      if (at >= 0) return (await take(at + 1)).toString('latin1', 0, at);
      await take(0);
      const { done, value } = await chunks.next();
      if (done === true) throw new Error('git ended');
      have = [Buffer.concat([...have, value])];
      haveBytes = have[0]?.length ?? 0;
    }
  };
  try {
    for (const file of wanted) {
      const sizeBytes = Number((await line()).split(' ')[2]);
      const bytes = await take(sizeBytes);
      await take(1);
      yield { file, sizeBytes, bytes };
    }
  } finally {
    child.kill('SIGKILL');
  }
}
