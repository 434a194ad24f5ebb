import { join } from 'node:path';
import { chooseJavaHome, findJavaHomes } from '../builders/mxbuild/java-homes.ts';
import { findMissingMono, MXBUILD_PATH } from '../builders/mxbuild/mxbuild-command.ts';
import { openToolchains } from '../builders/mxbuild/toolchains.ts';
import { NO_TAR } from '../builders/mxbuild/unpack-archive.ts';
import { BuildFailure } from '../domain/failure.ts';
import type { MendixVersion } from '../domain/mendix-version.ts';
import { isOnPath } from '../sandbox/is-on-path.ts';
import type { Configuration } from './configuration.ts';
import type { Finding } from './finding.ts';
import { SETTINGS } from './settings.ts';

/**
 * What MxBuild needs on this machine, where Mendix projects seem to be built on it: where there is an MxBuild, or JDKs are
 * named.
 *
 * @param path where the server finds programs: a PATH
 * @param commandPath where commands of a build find them
 */
export async function checkMxbuild(
  { dataFolder, javaHomes }: Pick<Configuration, 'dataFolder' | 'javaHomes'>,
  path: string,
  commandPath: string = MXBUILD_PATH,
): Promise<readonly Finding[]> {
  const versions = await openToolchains({ folder: join(dataFolder, 'toolchains', 'mxbuild'), path }).versions();
  if (versions.length === 0 && javaHomes.join() === SETTINGS.javaHomes.fallback) return [];
  const wrong = [
    ...((await isOnPath('tar', path)) ? [] : [NO_TAR]),
    ...[await findMissingMono(versions, commandPath)].filter((reason) => reason !== undefined),
    ...(await missingJava(versions, javaHomes)),
  ];
  const found = versions.length === 0 ? 'none here yet' : versions.join(', ');
  const name = 'MxBuild';
  if (wrong.length === 0) return [{ name, state: 'ok', found }];
  return [{ name, state: 'note', found, advice: wrong.join(`\n${' '.repeat(17)}`) }];
}

async function missingJava(versions: readonly MendixVersion[], homes: readonly string[]): Promise<readonly string[]> {
  if (versions.length === 0) {
    const there = (await Promise.all(homes.map(findJavaHomes))).flat();
    return there.length > 0
      ? []
      : [`There is no JDK in ${homes.join(', ')}: install one, or correct SLIPWAY_JAVA_HOMES.`];
  }
  const reasons = await Promise.all(versions.map((version) => whyNoJava(version, homes)));
  return reasons.filter((reason) => reason !== undefined);
}

async function whyNoJava(version: MendixVersion, homes: readonly string[]): Promise<string | undefined> {
  try {
    await chooseJavaHome(version, homes);
    return undefined;
  } catch (error) {
    if (error instanceof BuildFailure) return error.message;
    throw error;
  }
}
