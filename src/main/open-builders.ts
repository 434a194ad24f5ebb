import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveBuilder } from '../builders/archive.ts';
import type { Builder } from '../builders/builder.ts';
import { mxbuildBuilder } from '../builders/mxbuild/mxbuild.ts';
import { toolchainSource } from '../builders/mxbuild/obtain-toolchain.ts';
import { openToolchains } from '../builders/mxbuild/toolchains.ts';
import { warmMxbuilds } from '../builders/mxbuild/warm-mxbuilds.ts';
import { BUILD_FILE } from '../builders/script/build-file.ts';
import { scriptBuilder } from '../builders/script/script.ts';
import { scriptCaches } from '../builders/script/script-caches.ts';
import type { AppRow } from '../database/schema.ts';
import { readAppSettings } from '../domain/app-settings.ts';
import { isProjectFile } from '../mendix-project/choose-project-file.ts';
import type { MemberCache } from '../packaging/member-cache/member-cache.ts';
import type { AppSettings, BuilderName } from '../protocol/manage.ts';
import type { SourceTree } from '../repository/repository.ts';
import { sweepLeftovers } from '../sandbox/container/sweep-leftovers.ts';
import { type FoundSandbox, openSandbox } from '../sandbox/open-sandbox.ts';
import type { Configuration } from './configuration.ts';
import { containerSettings } from './container-settings.ts';

/** A real one is ready after some ten seconds. */
const WARM_READY_MS = 120_000;
const WARM_PAUSE_MS = 10 * 60_000;
const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

export interface Builders {
  /**
   * The builder that is set for the app; else `script` where the tree has a `slipway.yml`, `mxbuild` where it has the
   * project file of a Mendix app, and `archive` where it has neither.
   */
  choose(app: AppRow, tree: SourceTree): Builder;
  /** Deletes what was left half done by a server that was killed. To be called before the first build. */
  sweep(): Promise<void>;
  /** Drops what builds of an app have kept for the next. */
  deleteApp(appKey: string): Promise<void>;
  /**
   * Ends what is kept running between builds, and what they have begun and nobody waits for. To be called after the last
   * build.
   */
  close(): Promise<void>;
}

export interface BuildersOptions {
  readonly configuration: Configuration;
  readonly cache: MemberCache;
  readonly temporaryFolder: string;
  /** The server's own PATH. */
  readonly path: string;
  /** What a container engine gets of the server's environment. */
  readonly engineEnvironment: Readonly<Record<string, string>>;
}

/** Wires the builders. A sandbox is looked for when the first build needs one: most servers never do. */
export function openBuilders(options: BuildersOptions): Builders {
  const { configuration, cache, temporaryFolder, path } = options;
  const { dataFolder, sandbox, sandboxFolders } = configuration;
  const containers = async () => await containerSettings(configuration, options.engineEnvironment);
  let found: FoundSandbox | undefined;
  const caches = scriptCaches({ folder: join(dataFolder, 'caches'), limitBytes: configuration.buildCacheBytes });
  const archive = archiveBuilder({ cache, temporaryFolder });
  const toolchains = openToolchains({ folder: join(dataFolder, 'toolchains', 'mxbuild'), path });
  const system = sandbox === 'none' ? [path] : SYSTEM_PATH;
  const findSandbox = async () => {
    // Looked for again as long as it is missing: it may be installed while the server runs.
    if (found === undefined || 'missing' in found) {
      const hidden = [dataFolder, await realpath(dataFolder)];
      found = await openSandbox(sandbox, { path, hidden, containers: await containers() });
    }
    return found;
  };
  const limits = {
    processes: configuration.buildProcesses,
    memoryBytes: configuration.buildMemoryBytes,
    diskBytes: configuration.buildDiskBytes,
    fileBytes: configuration.buildDiskBytes,
  };
  const source = toolchainSource({ toolchains, mirror: configuration.mxbuildMirror });
  const warm = warmMxbuilds({
    most: configuration.warmMxbuilds,
    idleMs: configuration.warmMxbuildIdleMs,
    readyMs: WARM_READY_MS,
    pauseMs: WARM_PAUSE_MS,
    clock: () => performance.now(),
    node: process.execPath,
    temporaryFolder,
  });
  const mxbuild = ({ ProjectFile }: AppSettings) =>
    mxbuildBuilder({
      obtainToolchain: source.obtain,
      javaHomes: configuration.javaHomes,
      findSandbox,
      // The time limit of the whole build comes first.
      limits: { ...limits, timeMs: 2 ** 31 - 1 },
      warmMxbuilds: warm,
      temporaryFolder,
      projectFile: ProjectFile,
    });
  const script = scriptBuilder({
    findSandbox,
    limits,
    caches,
    cache,
    temporaryFolder,
    path: [...sandboxFolders.map((folder) => join(folder, 'bin')), ...system].join(':'),
    readOnly: sandboxFolders,
  });
  return {
    choose({ settings }, tree) {
      const set = readAppSettings(settings);
      const name = set.Builder ?? builderFor(tree);
      return name === 'mxbuild' ? mxbuild(set) : { archive, script }[name];
    },
    async sweep() {
      await toolchains.sweep();
      if (sandbox === 'container') await sweepLeftovers({ ...(await containers()), path });
    },
    async deleteApp(appKey) {
      await warm.endApp(appKey);
      await caches.remove(appKey);
    },
    async close() {
      await Promise.all([warm.close(), source.close()]);
    },
  };
}

function builderFor({ files }: SourceTree): BuilderName {
  if (files.some(({ path }) => path === BUILD_FILE)) return 'script';
  return files.some(({ path }) => isProjectFile(path)) ? 'mxbuild' : 'archive';
}
