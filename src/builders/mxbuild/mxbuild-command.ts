import { join } from 'node:path';
import { isAtLeast, type MendixVersion } from '../../domain/mendix-version.ts';
import { isOnPath } from '../../sandbox/is-on-path.ts';
import type { RoomPlaces } from '../../sandbox/sandbox.ts';

/** Which MxBuild is to run, and on which Java. */
export interface MxbuildProgram {
  readonly mendixVersion: MendixVersion;
  /** Folder of the MxBuild. */
  readonly toolchain: string;
  readonly javaHome: string;
  /** Where its commands are looked for, such as `mono`: a PATH. */
  readonly commandPath: string;
}

/** Where commands of the sandbox are looked for, unless something else is said. */
export const MXBUILD_PATH = '/usr/local/bin:/usr/bin:/bin';
/** From which on MxBuild is a program of its own; before, it runs on Mono (docker-mendix-buildpack, `build.py`). */
const FIRST_NATIVE = '9.22';

export function isNative(version: MendixVersion): boolean {
  return isAtLeast(version, FIRST_NATIVE);
}

/**
 * What is missing for MxBuilds that run on Mono, and how to get it.
 *
 * @param path where commands of a build are looked for
 * @returns undefined where nothing is missing
 */
export async function findMissingMono(versions: readonly MendixVersion[], path: string): Promise<string | undefined> {
  const old = versions.filter((version) => !isNative(version));
  if (old.length === 0 || (await isOnPath('mono', path))) return undefined;
  return `MxBuild ${old.join(', ')} runs on 'mono', which is not found: 'apt-get install mono-complete'.`;
}

/** Path of the program in an MxBuild. */
export function mxbuildProgram(version: MendixVersion): string {
  return join('modeler', isNative(version) ? 'mxbuild' : 'mxbuild.exe');
}

/** The program, and both of Java's options, which it requires. */
export function mxbuildCommand({ mendixVersion, toolchain, javaHome }: MxbuildProgram): readonly [string, ...string[]] {
  const program = join(toolchain, mxbuildProgram(mendixVersion));
  const java = [`--java-home=${javaHome}`, `--java-exe-path=${join(javaHome, 'bin', 'java')}`];
  return isNative(mendixVersion) ? [program, ...java] : ['mono', program, ...java];
}

export function mxbuildEnvironment(
  { javaHome, commandPath }: MxbuildProgram,
  { home, tmp }: RoomPlaces,
): Readonly<Record<string, string>> {
  return { PATH: commandPath, HOME: home, TMPDIR: tmp, LANG: 'C.UTF-8', JAVA_HOME: javaHome };
}
