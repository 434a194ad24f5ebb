import { spawn } from 'node:child_process';

/*
 * Real Git repositories for tests. History comes from `git fast-import`, one process for any number of commits. The
 * user's own configuration is out of reach, and times are fixed, so that ids are the same on every machine.
 */

/** Bytes of a file; with a mode where it is no plain file; null where it is to be deleted. */
export type TestFile = string | Uint8Array | { readonly mode: string; readonly content: string | Uint8Array } | null;

export interface TestCommit {
  /** Made when it is not there. */
  readonly branch: string;
  readonly files?: Readonly<Record<string, TestFile>>;
  readonly message?: string;
  /**
   * Full ids, or places in the same import. By default the branch as it is; a new branch begins with nothing, `[]` too.
   */
  readonly parents?: readonly (string | number)[];
}

export interface TestRepository {
  /** Bare. */
  readonly path: string;
  /** Runs a git command in it and answers its output, trimmed. */
  git(args: readonly string[], input?: string | Uint8Array): Promise<string>;
  /** Adds commits and answers their full ids. */
  commit(commits: readonly TestCommit[]): Promise<readonly string[]>;
}

/** Variables under which git knows nothing but what a test says. */
export const GIT_TEST_ENVIRONMENT: Readonly<Record<string, string>> = {
  LANG: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Richard Ford',
  GIT_AUTHOR_EMAIL: 'richard.ford@example.com',
  GIT_AUTHOR_DATE: '1700000000 +0000',
  GIT_COMMITTER_NAME: 'Richard Ford',
  GIT_COMMITTER_EMAIL: 'richard.ford@example.com',
  GIT_COMMITTER_DATE: '1700000000 +0000',
};

/** When the first commit of every test repository was made, in seconds since 1970; each further one a second later. */
const FIRST_COMMIT_AT = 1_700_000_000;

export async function makeTestRepository(
  path: string,
  options: { readonly mainBranch?: string; readonly format?: 'sha1' | 'sha256' } = {},
): Promise<TestRepository> {
  const { mainBranch = 'master', format = 'sha1' } = options;
  await runTestGit(['init', '-q', '--bare', '--template=', `--object-format=${format}`, '-b', mainBranch, path]);
  await runTestGit(['-C', path, 'config', 'http.receivepack', 'true']);
  let made = 0;
  const git = (args: readonly string[], input?: string | Uint8Array) => runTestGit(['-C', path, ...args], input);
  const commit = async (commits: readonly TestCommit[]) => {
    const existing = new Set((await git(['for-each-ref', '--format=%(refname)', 'refs/heads/'])).split('\n'));
    const stream = importStream(commits, existing, FIRST_COMMIT_AT + made);
    made += commits.length;
    const output = await git(['fast-import', '--quiet', '--force', '--date-format=raw'], stream);
    return output.split('\n').slice(-commits.length);
  };
  return { path, git, commit };
}

/** Runs git outside any repository. @throws Error with what git wrote when it fails */
export async function runTestGit(args: readonly string[], input?: string | Uint8Array): Promise<string> {
  const child = spawn('git', args, { env: { ...process.env, ...GIT_TEST_ENVIRONMENT }, stdio: 'pipe' });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.on('error', reject);
  child.on('close', (code) => {
    if (code === 0) resolve(Buffer.concat(output).toString().trim());
    else reject(new Error(`git ${args.join(' ')} exited with ${code}: ${Buffer.concat(errors).toString()}`));
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return await promise;
}

function importStream(commits: readonly TestCommit[], existing: ReadonlySet<string>, startAt: number): Buffer {
  const parts: (string | Uint8Array)[] = [];
  const begun = new Set<string>();
  commits.forEach((commit, at) => {
    const ref = `refs/heads/${commit.branch}`;
    const goesOn = commit.parents === undefined && existing.has(ref) && !begun.has(ref);
    const startsNew = commit.parents?.length === 0 && (begun.has(ref) || existing.has(ref));
    if (startsNew) parts.push(`reset ${ref}\n\n`);
    const person = `Richard Ford <richard.ford@example.com> ${startAt + at} +0000`;
    parts.push(`commit ${ref}\nmark :${at + 1}\nauthor ${person}\ncommitter ${person}\n`);
    parts.push(...data(commit.message ?? `commit ${at + 1}`));
    if (goesOn) parts.push(`from ${ref}^0\n`);
    const [first, ...others] = (commit.parents ?? []).map((parent) =>
      typeof parent === 'number' ? `:${parent + 1}` : parent,
    );
    if (first !== undefined) parts.push(`from ${first}\n`);
    for (const other of others) parts.push(`merge ${other}\n`);
    for (const [path, file] of Object.entries(commit.files ?? {})) parts.push(...fileCommand(path, file));
    begun.add(ref);
  });
  commits.forEach((_, at) => {
    parts.push(`get-mark :${at + 1}\n`);
  });
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

function fileCommand(path: string, file: TestFile): readonly (string | Uint8Array)[] {
  const quoted = `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  if (file === null) return [`D ${quoted}\n`];
  const isPlain = typeof file === 'string' || file instanceof Uint8Array;
  const mode = isPlain ? '100644' : file.mode;
  const content = isPlain ? file : file.content;
  if (mode === '160000') return [`M 160000 ${content.toString()} ${quoted}\n`];
  return [`M ${mode} inline ${quoted}\n`, ...data(content)];
}

function data(content: string | Uint8Array): readonly (string | Uint8Array)[] {
  return [`data ${Buffer.byteLength(content)}\n`, content, '\n'];
}
