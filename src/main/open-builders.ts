import { join } from 'node:path';
import { archiveBuilder } from '../builders/archive.ts';
import type { Builder } from '../builders/builder.ts';
import { BUILD_FILE } from '../builders/script/build-file.ts';
import { scriptBuilder } from '../builders/script/script.ts';
import { scriptCaches } from '../builders/script/script-caches.ts';
import type { AppRow } from '../database/schema.ts';
import { readAppSettings } from '../domain/app-settings.ts';
import { BuildFailure } from '../domain/failure.ts';
import type { MemberCache } from '../packaging/member-cache/member-cache.ts';
import type { SourceTree } from '../repository/repository.ts';
import { type FoundSandbox, openSandbox } from '../sandbox/open-sandbox.ts';
import type { Configuration } from './configuration.ts';

const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

export interface Builders {
  /**
   * The builder that is set for the app; else `script` where the tree has a `slipway.yml`; else `archive`.
   *
   * @throws BuildFailure `no-builder` where the one that is set is not there
   */
  choose(app: AppRow, tree: SourceTree): Builder;
  /** Drops what builds of an app have kept for the next. */
  deleteApp(appKey: string): Promise<void>;
}

export interface BuildersOptions {
  readonly configuration: Configuration;
  readonly cache: MemberCache;
  readonly temporaryFolder: string;
  /** The server's own PATH. */
  readonly path: string;
}

/** Wires the builders. A sandbox is looked for when the first build needs one: most servers never do. */
export function openBuilders({ configuration, cache, temporaryFolder, path }: BuildersOptions): Builders {
  const { dataFolder, sandbox, sandboxFolders } = configuration;
  let found: Promise<FoundSandbox> | undefined;
  const caches = scriptCaches({ folder: join(dataFolder, 'caches'), limitBytes: configuration.buildCacheBytes });
  const archive = archiveBuilder({ cache, temporaryFolder });
  const system = sandbox === 'none' ? [path] : SYSTEM_PATH;
  const script = scriptBuilder({
    findSandbox: () => {
      found ??= openSandbox(sandbox, { path, hidden: [dataFolder] });
      return found;
    },
    limits: {
      processes: configuration.buildProcesses,
      memoryBytes: configuration.buildMemoryBytes,
      diskBytes: configuration.buildDiskBytes,
      fileBytes: configuration.buildDiskBytes,
    },
    caches,
    cache,
    temporaryFolder,
    path: [...sandboxFolders.map((folder) => join(folder, 'bin')), ...system].join(':'),
    readOnly: sandboxFolders,
  });
  return { choose: (app, tree) => chooseBuilder(app, tree, { archive, script }), deleteApp: caches.remove };
}

function chooseBuilder(
  { app_id, settings }: AppRow,
  tree: SourceTree,
  builders: Readonly<Record<'archive' | 'script', Builder>>,
): Builder {
  const set = readAppSettings(settings).Builder;
  if (set === 'mxbuild') {
    const message = `The app '${app_id}' is set to the builder 'mxbuild', which this server does not have: set another one.`;
    throw new BuildFailure('no-builder', message);
  }
  return builders[set ?? (tree.files.some(({ path }) => path === BUILD_FILE) ? 'script' : 'archive')];
}
