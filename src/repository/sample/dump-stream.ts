import { posix } from 'node:path';
import { commitSeconds, type SampleCommit } from './sample-history.ts';

/**
 * The history as `svnadmin load` reads it (format: notes/dump-load-format.txt of Subversion). The first revision is the
 * usual three folders, and commit n is revision n + 1.
 */
export function dumpStream(history: readonly SampleCommit[]): string {
  const layout = ['trunk', 'branches', 'tags'].map((folder) => node(folder, ['Node-kind: dir', 'Node-action: add']));
  const first = revision(1, { author: history[0]?.author ?? '', message: 'Begin', seconds: commitSeconds(-1) });
  const there = new Set(['trunk', 'branches', 'tags']);
  const commits = history.map((commit, index) => dumpCommit(commit, index, there));
  return ['SVN-fs-dump-format-version: 2\n\n', first, ...layout, ...commits].join('');
}

/** @param there every path that earlier revisions have made */
function dumpCommit({ branch, author, message, files }: SampleCommit, index: number, there: Set<string>): string {
  const number = index + 2;
  const folder = branch === 'main' ? 'trunk' : `branches/${branch}`;
  const nodes: string[] = [revision(number, { author, message, seconds: commitSeconds(index) })];
  if (!there.has(folder)) {
    const from = [`Node-copyfrom-rev: ${number - 1}`, 'Node-copyfrom-path: trunk'];
    nodes.push(node(folder, ['Node-kind: dir', 'Node-action: add', ...from]));
    for (const path of [...there]) if (path.startsWith('trunk')) there.add(folder + path.slice('trunk'.length));
  }
  for (const [name, text] of Object.entries(files)) {
    const path = `${folder}/${name}`;
    const parent = posix.dirname(path);
    if (!there.has(parent)) nodes.push(node(parent, ['Node-kind: dir', 'Node-action: add']));
    nodes.push(node(path, ['Node-kind: file', `Node-action: ${there.has(path) ? 'change' : 'add'}`], text));
    there.add(parent).add(path);
  }
  return nodes.join('');
}

interface RevisionFacts {
  readonly author: string;
  readonly message: string;
  readonly seconds: number;
}

function revision(number: number, { author, message, seconds }: RevisionFacts): string {
  const date = new Date(seconds * 1000).toISOString().replace('Z', '000Z');
  const properties = { 'svn:author': author, 'svn:date': date, 'svn:log': message };
  const lines = Object.entries(properties).map(([name, value]) => `${counted('K', name)}${counted('V', value)}`);
  const text = `${lines.join('')}PROPS-END\n`;
  const bytes = Buffer.byteLength(text);
  return `Revision-number: ${number}\nProp-content-length: ${bytes}\nContent-length: ${bytes}\n\n${text}\n`;
}

function counted(kind: 'K' | 'V', text: string): string {
  return `${kind} ${Buffer.byteLength(text)}\n${text}\n`;
}

function node(path: string, headers: readonly string[], text?: string): string {
  const bytes = text === undefined ? undefined : Buffer.byteLength(text);
  const lengths = bytes === undefined ? [] : [`Text-content-length: ${bytes}`, `Content-length: ${bytes}`];
  return `${[`Node-path: ${path}`, ...headers, ...lengths].join('\n')}\n\n${text ?? ''}\n\n`;
}
