import { chmod, copyFile, link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mxbuildProgram } from '../../../src/builders/mxbuild/mxbuild-command.ts';
import type { MendixVersion } from '../../../src/domain/mendix-version.ts';

const PROGRAM = fileURLToPath(new URL('stand-in.mjs', import.meta.url));
const START = '#!/bin/sh\nhere=$(dirname "$0")\nexec "$here/node" "$here/stand-in.mjs" "$@"\n';

/**
 * Puts the stand-in for an MxBuild where toolchains are kept. It brings its own Node along, for a sandbox has none.
 *
 * @param start how it behaves when it is started in service mode
 */
export async function installStandIn(toolchains: string, version: string, start: object = {}): Promise<string> {
  const folder = join(toolchains, version);
  const modeler = join(folder, 'modeler');
  await mkdir(modeler, { recursive: true });
  await mkdir(join(folder, 'runtime'));
  await link(process.execPath, join(modeler, 'node')).catch(() => copyFile(process.execPath, join(modeler, 'node')));
  await copyFile(PROGRAM, join(modeler, 'stand-in.mjs'));
  await writeFile(join(modeler, 'version.txt'), version);
  await writeFile(join(modeler, 'serve.json'), JSON.stringify(start));
  const program = join(folder, mxbuildProgram(version as MendixVersion));
  await writeFile(program, START);
  await chmod(program, 0o755);
  return folder;
}

/** Puts a `mono` into a folder: it says what it runs, and lets the shell run it, which the stand-in is written for. */
export async function makeMono(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'mono'), '#!/bin/sh\necho "mono runs $1"\nexec /bin/sh "$@"\n', { mode: 0o755 });
}

/** A folder that says of itself what a JDK does. @param version as `JAVA_VERSION` */
export async function makeJavaHome(folder: string, version: string): Promise<string> {
  await mkdir(join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'release'), `JAVA_VERSION="${version}"\n`);
  await writeFile(join(folder, 'bin', 'java'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  return folder;
}
