import { commitSeconds, type SampleCommit } from './sample-history.ts';

/** The history as `git fast-import` reads it (format: `git help fast-import`). */
export function fastImportStream(history: readonly SampleCommit[]): string {
  const started = new Set<string>();
  return history.map((commit, index) => importCommit(commit, index, started)).join('');
}

function importCommit(commit: SampleCommit, index: number, started: Set<string>): string {
  const who = `${commit.author} ${commitSeconds(index)} +0000`;
  const isFirst = !started.has(commit.branch);
  started.add(commit.branch);
  const files = Object.entries(commit.files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`);
  return [
    `commit refs/heads/${commit.branch}\nmark :${index + 1}\nauthor ${who}\ncommitter ${who}\n`,
    data(`${commit.message}\n`),
    isFirst && index > 0 ? `from :${index}\n` : '',
    ...files,
    '\n',
  ].join('');
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}
