import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mxbuildBuilder } from '../../../src/builders/mxbuild/mxbuild.ts';
import { MXBUILD_PATH } from '../../../src/builders/mxbuild/mxbuild-command.ts';
import { toolchainSource } from '../../../src/builders/mxbuild/obtain-toolchain.ts';
import { openToolchains } from '../../../src/builders/mxbuild/toolchains.ts';
import { type WarmMxbuildsOptions, warmMxbuilds } from '../../../src/builders/mxbuild/warm-mxbuilds.ts';
import { noSandbox } from '../../../src/sandbox/no-sandbox.ts';
import type { Sandbox, SandboxLimits } from '../../../src/sandbox/sandbox.ts';
import { type BuildOptions, buildPackage } from '../build-package.ts';
import { type MadeFile, memorySourceTree } from '../memory-source-tree.ts';
import { FORMATS, makeProjectFile } from '../project-file.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { installStandIn, makeJavaHome } from './stand-in.ts';

export const VERSION = '10.12.3.41523';
const GIB = 1024 ** 3;
const LIMITS = { processes: 256, memoryBytes: 64 * GIB, fileBytes: 4 * GIB, diskBytes: 4 * GIB, timeMs: 60_000 };

export interface MxbuildGiven {
  /** Of the project; {@link VERSION} by default. */
  readonly version?: string;
  /** Of the stand-in; {@link VERSION} by default. */
  readonly standIn?: string;
  readonly projectFile?: string;
  /** As `JAVA_VERSION`. */
  readonly java?: string;
  readonly limits?: Partial<SandboxLimits>;
  readonly sandbox?: Sandbox;
  /** Where commands of a build are looked for: a PATH. */
  readonly commandPath?: string;
  /** By default none is kept. */
  readonly warm?: Partial<WarmMxbuildsOptions>;
  /** How the stand-in starts in service mode. */
  readonly start?: object;
}

/** A builder with the stand-in for one MxBuild and one JDK, and a project to build. */
export async function openMxbuildWorld(test: { after(work: () => unknown): void }, given: MxbuildGiven = {}) {
  let close = async () => {};
  // First of all: hooks run in their order, and what runs in the folder would be in the way of removing it.
  test.after(() => close());
  const folder = await temporaryFolder(test);
  const kept = join(folder, 'toolchains');
  await mkdir(kept);
  await installStandIn(kept, given.standIn ?? VERSION, given.start);
  const javaHomes = [await makeJavaHome(join(folder, 'jdk'), given.java ?? '21.0.2')];
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  const warm = warmMxbuilds({
    most: 0,
    idleMs: 60_000,
    readyMs: 30_000,
    pauseMs: 60_000,
    clock: () => performance.now(),
    node: process.execPath,
    temporaryFolder: temporary,
    ...given.warm,
  });
  close = warm.close;
  const builder = mxbuildBuilder({
    obtainToolchain: toolchainSource({
      toolchains: openToolchains({ folder: kept, path: process.env.PATH ?? '' }),
      mirror: undefined,
    }).obtain,
    javaHomes,
    findSandbox: async () => ({ sandbox: given.sandbox ?? noSandbox() }),
    limits: { ...LIMITS, ...given.limits },
    warmMxbuilds: warm,
    temporaryFolder: temporary,
    projectFile: given.projectFile ?? null,
    commandPath: given.commandPath ?? MXBUILD_PATH,
  });
  const project = join(folder, 'App.mpr');
  makeProjectFile(project, { version: given.version ?? VERSION, ...FORMATS[2] });
  const content = await readFile(project);
  /** @param behaviour what the stand-in is told to do */
  const treeOf = (behaviour: object = {}, files: readonly MadeFile[] = []) =>
    memorySourceTree([
      { path: 'App.mpr', content },
      { path: 'mprcontents/ab/cd/unit.mxunit', content: 'a unit' },
      { path: 'stand-in.json', content: JSON.stringify(behaviour) },
      ...files,
    ]);
  return {
    folder,
    builder,
    warm,
    treeOf,
    build: (behaviour?: object, options?: BuildOptions) => buildPackage(builder, treeOf(behaviour), options),
    /** What lies in the folder for temporary files. */
    leftovers: () => readdir(temporary),
  };
}
