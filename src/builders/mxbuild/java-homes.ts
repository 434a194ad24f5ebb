import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildFailure } from '../../domain/failure.ts';
import { isAtLeast, type MendixVersion } from '../../domain/mendix-version.ts';
import { ifThere } from '../../files/file-errors.ts';

/** A JDK of this machine. */
export interface JavaHome {
  readonly folder: string;
  /** Its major version: 11, 17, 21. */
  readonly major: number;
}

/**
 * The majors of Java that a version of Mendix builds with, the best first.
 *
 * Sources: Mendix's system requirements (8 up to 7, 11 for 8 and 9, 17 from 10.8, 21 from 10.11 and in 11); 25 from
 * 11.14 was measured by others (mxcli).
 */
export function javaMajorsFor(version: MendixVersion): readonly number[] {
  if (isAtLeast(version, '11.14')) return [21, 25];
  if (isAtLeast(version, '11')) return [21];
  if (isAtLeast(version, '10.11')) return [21, 17, 11];
  if (isAtLeast(version, '10.8')) return [17, 11];
  return isAtLeast(version, '8') ? [11] : [8];
}

/**
 * @param folders of JDKs, or that hold several
 * @param wanted the major that the project is set to; undefined where that is not known
 * @throws BuildFailure `toolchain-missing` naming what is needed and what is there
 */
export async function chooseJavaHome(
  version: MendixVersion,
  folders: readonly string[],
  wanted?: number,
): Promise<JavaHome> {
  const homes = (await Promise.all(folders.map(findJavaHomes))).flat();
  const majors = wanted === undefined ? javaMajorsFor(version) : [wanted];
  for (const major of majors) {
    const fitting = homes.find((home) => home.major === major);
    if (fitting !== undefined) return fitting;
  }
  const there = homes.length === 0 ? 'none' : homes.map(({ major, folder }) => `${major} in ${folder}`).join(', ');
  const what = wanted === undefined ? `Mendix ${version}` : `The project of Mendix ${version}, as it is set,`;
  const how = `'apt-get install openjdk-${majors[0]}-jdk-headless', or another JDK`;
  const message = `${what} is built with Java ${majors.join(' or ')}, and there is ${there}: install one (${how}) and add its folder to SLIPWAY_JAVA_HOMES.`;
  throw new BuildFailure('toolchain-missing', message);
}

/** The JDK that a folder is, or those that it holds. */
export async function findJavaHomes(folder: string): Promise<readonly JavaHome[]> {
  const own = await readJavaHome(folder);
  if (own !== undefined) return [own];
  const names = ((await ifThere(readdir(folder))) ?? []).sort();
  const inner = await Promise.all(names.map((name) => readJavaHome(join(folder, name)).catch(() => undefined)));
  return inner.filter((home) => home !== undefined);
}

/** By the file `release` that every JDK has; `1.8.0_402` is how Java 8 spells its version. */
async function readJavaHome(folder: string): Promise<JavaHome | undefined> {
  const release = await ifThere(readFile(join(folder, 'release'), 'utf8'));
  const version = /^JAVA_VERSION="(?:1\.)?(\d{1,3})[^"]*"/m.exec(release ?? '')?.[1];
  return version === undefined ? undefined : { folder, major: Number(version) };
}
