import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/*
 * Real Subversion repositories for tests. Every commit is one `svnmucc`, so that revisions count as the test does.
 */

/** Bytes of a file; with properties where it has any; null where it is to be deleted. */
export type SvnTestFile =
  | string
  | Uint8Array
  | { readonly properties: Readonly<Record<string, string>>; readonly content?: string | Uint8Array }
  | null;

export interface SvnTestRepository {
  readonly path: string;
  /** `file://`, without a slash at its end. */
  readonly url: string;
  /**
   * Adds a revision below a folder, which begins as a copy of `from`, or empty, when it is not there. A file whose path
   * ends in `/` is a folder.
   *
   * @returns its number, as text
   */
  commit(
    folder: string,
    files: Readonly<Record<string, SvnTestFile>>,
    options?: { readonly from?: string; readonly message?: string },
  ): Promise<string>;
  /** Runs one `svnmucc` and answers the number of the revision. */
  mucc(args: readonly string[], message?: string): Promise<string>;
}

export async function makeSvnRepository(path: string): Promise<SvnTestRepository> {
  await runTestSvn('svnadmin', ['create', path]);
  const url = pathToFileURL(path).href;
  const mucc = async (args: readonly string[], message = 'a revision') => {
    const options = ['--non-interactive', '--config-dir', `${path}.config`, '--username', 'Richard Ford'];
    const output = await runTestSvn('svnmucc', [...options, '-m', message, '-U', url, ...args]);
    return /^r(\d+) committed/m.exec(output)?.[1] ?? '';
  };
  /** What is there, by its path. */
  const there = new Set<string>();
  const commit: SvnTestRepository['commit'] = async (folder, files, { from, message } = {}) => {
    const temporary = `${path}.${randomUUID()}`;
    const args: string[] = [];
    const makeFolders = (parent: string) => {
      if (parent === '' || parent === '.' || there.has(parent)) return;
      makeFolders(dirname(parent));
      args.push('mkdir', encode(parent));
      there.add(parent);
    };
    if (from !== undefined && !there.has(folder)) {
      makeFolders(dirname(folder));
      args.push('cp', 'HEAD', encode(from), encode(folder));
      for (const one of [...there])
        if (one === from || one.startsWith(`${from}/`)) there.add(folder + one.slice(from.length));
    }
    makeFolders(folder);
    await mkdir(temporary);
    for (const [at, [name, file]] of Object.entries(files).entries()) {
      const place = `${folder}/${name}`.replace(/\/$/, '');
      if (file === null) {
        args.push('rm', encode(place));
        for (const one of [...there]) if (one === place || one.startsWith(`${place}/`)) there.delete(one);
        continue;
      }
      makeFolders(name.endsWith('/') ? place : dirname(place));
      const isPlain = typeof file === 'string' || file instanceof Uint8Array;
      const content = isPlain ? file : file.content;
      if (content !== undefined && !name.endsWith('/')) {
        await writeFile(join(temporary, String(at)), content);
        args.push('put', join(temporary, String(at)), encode(place));
        there.add(place);
      }
      for (const [property, value] of Object.entries(isPlain ? {} : file.properties)) {
        args.push('propset', property, value, encode(place));
      }
    }
    try {
      return await mucc(args, message);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  };
  return { path, url, commit, mucc };
}

/** Writes a path as it stands in a URL. */
export function encode(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** Runs a program of Subversion's. @throws Error with what it wrote when it fails */
export async function runTestSvn(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { env: { ...process.env, LC_ALL: 'C.UTF-8' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.on('error', reject);
  child.on('close', (code) => {
    if (code === 0) resolve(Buffer.concat(output).toString());
    else reject(new Error(`${program} ${args.join(' ')} exited with ${code}: ${Buffer.concat(errors).toString()}`));
  });
  return await promise;
}
