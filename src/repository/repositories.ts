import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppSettings, RepositoryKind } from '../protocol/manage.ts';
import { type Authorities, writeAuthorities } from './authorities.ts';
import { findRepositoryKind, type UnknownRepository } from './find-repository-kind.ts';
import { CatFilePool } from './git/cat-file-pool.ts';
import { openGitRepository } from './git/git-repository.ts';
import type { GitSettings } from './git/git-settings.ts';
import { createObjectMemory } from './git/object-memory.ts';
import { parseRemoteAddress } from './git/remote-address.ts';
import { listFolders, sweepMirrors } from './git/sweep-mirrors.ts';
import { PRIVATE_PREFIX } from './private-files.ts';
import type { RemoteCredentials } from './remote-credentials.ts';
import { removeFolder } from './remove-folder.ts';
import type { Repository } from './repository.ts';
import { parseSvnAddress } from './svn/svn-address.ts';
import { openSvnRepository } from './svn/svn-repository.ts';
import { SVN_MARK, type SvnSettings } from './svn/svn-settings.ts';

/** Everything that is open of the apps' repositories: one per app, with its mirrors on disk. */
export interface Repositories {
  /**
   * The repository of an app, opened once. An address, main line or credentials that have changed are followed from the next call on;
   * whoever holds the former repository gets errors from it.
   *
   * @throws RepositoryError `bad-address`
   */
  forApp(app: AppRepository): Repository;
  /**
   * Finds out of which kind a repository is that no app has yet: see {@link findRepositoryKind}.
   *
   * @returns `hidden` where its server does not let us in, and does not say what it holds
   */
  findKind(repository: UnknownRepository, signal: AbortSignal): Promise<RepositoryKind | 'hidden'>;
  /** Ends an app's processes; the next {@link forApp} opens it again. */
  close(appKey: string): Promise<void>;
  closeAll(): Promise<void>;
  /** Deletes all that is kept on disk for an app, for good. */
  remove(appKey: string): Promise<void>;
  /**
   * Ends the git commands of a server that was killed, and deletes what it left half done. To be called before
   * {@link forApp}.
   */
  sweep(): Promise<void>;
  /**
   * Deletes what is kept for apps that are no more. May be called at any time; leaves alone whatever an app uses.
   *
   * @param first is done for each, and once more where that was cut off: what else is kept of it
   */
  removeOthers(isApp: (appKey: string) => Promise<boolean>, first?: (appKey: string) => Promise<void>): Promise<void>;
}

export interface AppRepository {
  /** Names the app's folder: letters, digits and `-`. */
  readonly key: string;
  readonly kind: RepositoryKind;
  readonly repository: string;
  readonly mainBranch: string | null;
  /** Where they are not given, what holds for every app. */
  readonly settings?: AppSettings;
  readonly credentials?: RemoteCredentials | undefined;
}

export interface RepositoriesOptions {
  /** Made when it is not there. One server uses it at a time. */
  readonly mirrorsFolder: string;
  /** PATH of every child: where git, git-lfs and ssh are. */
  readonly path: string;
  /** HOME of every child: where ssh finds its keys. */
  readonly home: string;
  readonly extraEnvironment?: Readonly<Record<string, string>>;
  /** Certificates (PEM) that vouch for servers besides those that the machine trusts. Read once. */
  readonly authoritiesFile?: string | undefined;
  /** How long a remote may take to answer at all. */
  readonly connectTimeoutMs?: number;
  /** How long a whole fetch or push may take. */
  readonly fetchTimeoutMs?: number;
  readonly localTimeoutMs?: number;
  /** After this time without use, a `cat-file` process ends. */
  readonly idleMs?: number;
  /** After this time without use, what is known of an app's history is forgotten until it is needed. */
  readonly restMs?: number;
  /** Idle `cat-file` processes kept at most, over all apps. */
  readonly mostIdleProcesses?: number;
  readonly now?: () => number;
}

interface Open {
  readonly app: AppRepository;
  readonly repository: RestingRepository;
  usedAt: number;
}

interface RestingRepository extends Repository {
  /** Frees memory and processes, where it holds any between two calls. */
  rest?(): void;
}

/** Opens the folder of mirrors, and deletes what a killed server left half made or half deleted in it. */
export function openRepositories(options: RepositoriesOptions): Repositories {
  const settings = settingsOf(options);
  const restMs = options.restMs ?? 10 * 60_000;
  const pool = new CatFilePool(settings, {
    idleMs: options.idleMs ?? 60_000,
    mostIdle: options.mostIdleProcesses ?? 8,
  });
  const shared = { settings, pool, memory: createObjectMemory() };
  const now = options.now ?? Date.now;
  const authorities = prepareFolder(options, settings.globalConfig);
  const svn: SvnSettings = { ...settings, authorityFiles: authorities?.each ?? [] };
  const opened = new Map<string, Open>();
  const resting = setInterval(() => restIdle(opened, performance.now() - restMs), restMs).unref();

  /** What has to be over before an app's folder is used again. */
  const ending = new Map<string, Promise<void>>();
  const end = (appKey: string, last: () => Promise<void> = async () => {}) => {
    const open = opened.get(appKey);
    opened.delete(appKey);
    const before = ending.get(appKey);
    const ended = Promise.all([before, open?.repository.close()]).then(last);
    ending.set(appKey, ended);
    const forget = () => {
      if (ending.get(appKey) === ended) ending.delete(appKey);
    };
    ended.then(forget, forget);
    return ended;
  };
  const open = (app: AppRepository) => {
    const folder = join(options.mirrorsFolder, folderName(app.key));
    const mainBranch = app.mainBranch ?? undefined;
    const after = Promise.resolve(ending.get(app.key)).catch(() => undefined);
    const { repository: address, credentials } = app;
    const place = { after, folder, address, credentials, mainBranch };
    const repository: RestingRepository =
      app.kind === 'git'
        ? openGitRepository({ ...shared, ...place, now })
        : openSvnRepository({ ...place, settings: svn, appSettings: app.settings ?? {} });
    opened.set(app.key, { app, repository, usedAt: performance.now() });
    return repository;
  };
  const remove = (appKey: string) => {
    const folder = join(options.mirrorsFolder, folderName(appKey));
    return end(appKey, () => removeFolder(folder));
  };
  return {
    forApp: (app) => {
      const known = opened.get(app.key);
      if (known !== undefined && sameRepository(known.app, app)) {
        known.usedAt = performance.now();
        return known.repository;
      }
      if (known !== undefined) void end(app.key);
      return open(app);
    },
    findKind: (repository, signal) => findRepositoryKind(repository, { git: settings, svn }, signal),
    close: (appKey) => end(appKey),
    closeAll: async () => {
      clearInterval(resting);
      await Promise.all([...opened.keys()].map((appKey) => end(appKey)));
      await Promise.all(ending.values());
      pool.endIdle();
    },
    remove,
    sweep: () =>
      sweepMirrors(options.mirrorsFolder, [
        `GIT_CONFIG_GLOBAL=${settings.globalConfig}`,
        `${SVN_MARK}=${svn.privateFolder}`,
      ]),
    removeOthers: async (isApp, first = async () => {}) => {
      for (const appKey of (await listFolders(options.mirrorsFolder)).filter(isAppKey)) {
        if (await isApp(appKey)) continue;
        await first(appKey);
        await remove(appKey);
      }
    },
  };
}

/** Checks an address before an app is given it. @throws RepositoryError `bad-address` */
export function checkAddress(repository: { readonly kind: RepositoryKind; readonly address: string }): void {
  if (repository.kind === 'svn') parseSvnAddress(repository.address);
  else parseRemoteAddress(repository.address);
}

function settingsOf(options: RepositoriesOptions): GitSettings {
  return {
    path: options.path,
    home: options.home,
    globalConfig: join(options.mirrorsFolder, 'gitconfig'),
    privateFolder: options.mirrorsFolder,
    extraEnvironment: options.extraEnvironment ?? {},
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    fetchTimeoutMs: options.fetchTimeoutMs ?? 10 * 60_000,
    localTimeoutMs: options.localTimeoutMs ?? 60_000,
  };
}

/**
 * The configuration that stands in for the user's own is a file, and not an option, because it has to reach the
 * `upload-pack` of a file address too: that refuses repositories of other owners otherwise.
 */
function prepareFolder(options: RepositoriesOptions, globalConfig: string): Authorities | undefined {
  const { mirrorsFolder: folder, authoritiesFile } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const authorities = authoritiesFile === undefined ? undefined : writeAuthorities(folder, authoritiesFile);
  const trust = authorities === undefined ? '' : `[http]\n\tsslCAInfo = ${JSON.stringify(authorities.bundle)}\n`;
  writeFileSync(globalConfig, `[safe]\n\tdirectory = *\n${trust}`, { mode: 0o600 });
  for (const name of readdirSync(folder)) {
    if (name.includes('.removed-') || name.startsWith(PRIVATE_PREFIX))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
  return authorities;
}

function folderName(appKey: string): string {
  if (!isAppKey(appKey)) throw new Error(`the key ${JSON.stringify(appKey)} names no folder`);
  return appKey;
}

function isAppKey(text: string): boolean {
  return /^[A-Za-z0-9-]{1,100}$/.test(text);
}

function sameRepository(one: AppRepository, other: AppRepository): boolean {
  const facts = ({ kind, repository, mainBranch, settings, credentials }: AppRepository) =>
    JSON.stringify([kind, repository, mainBranch, settings, credentials]);
  return facts(one) === facts(other);
}

function restIdle(opened: ReadonlyMap<string, Open>, usedBefore: number): void {
  for (const open of opened.values()) {
    if (open.usedAt < usedBefore) open.repository.rest?.();
  }
}
