import { hash, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface StoredSize {
  readonly apps: number;
  readonly packages: number;
  /** What each package is; without it, they are rows alone, and no files. */
  readonly content?: Uint8Array;
}

/**
 * Writes packages that have Succeeded straight into the data folder of a server that is stopped. They belong to the apps
 * in turn, as if the apps had been built side by side.
 */
export function storePackages(dataFolder: string, size: StoredSize): void {
  const database = new DatabaseSync(join(dataFolder, 'slipway.db'));
  const appKeys = Array.from({ length: size.apps }, () => randomUUID());
  database.exec('begin');
  insertApps(database, appKeys);
  insertPackages(database, dataFolder, appKeys, size);
  database.exec('commit; pragma wal_checkpoint(truncate)');
  database.close();
}

/** Writes builds that wait in the same way: into a data folder that has no packages. */
export function storeQueuedBuilds(dataFolder: string, size: Pick<StoredSize, 'apps' | 'packages'>): void {
  storePackages(dataFolder, size);
  const database = new DatabaseSync(join(dataFolder, 'slipway.db'));
  database.exec(
    `update packages set status = 'Queued', attempt = 0, worker = null, started_at = null, finished_at = null,
       size_bytes = 0, sha256 = null, blob_key = null, tag_status = null`,
  );
  database.close();
}

function insertApps(database: DatabaseSync, appKeys: readonly string[]): void {
  const insert = database.prepare(
    `insert into apps (id, app_id, project_id, name, kind, repository, main_branch, created_at)
     values (?, ?, ?, ?, 'git', '/nowhere', 'main', 1700000000000)`,
  );
  for (const [at, key] of appKeys.entries()) insert.run(key, `app-${at}`, randomUUID(), `App ${at}`);
}

function insertPackages(
  database: DatabaseSync,
  dataFolder: string,
  appKeys: readonly string[],
  { packages: count, content }: StoredSize,
): void {
  const insert = database.prepare(
    `insert into packages (id, app_id, name, description, version, creator_login, creator_name, created_at, status,
       branch, is_main_line, revision, attempt, interruptions, worker, started_at, finished_at, size_bytes, sha256,
       blob_key, tag_status)
     values (:id, :app, :name, 'A package of a benchmark', :version, 'admin', 'Administrator', :at, 'Succeeded',
       'main', 1, '0123456789012345678901234567890123456789', 1, 0, 'worker:1', :at, :at + 9, :size, :sha256,
       :key, 'Done')`,
  );
  const sha256 = content === undefined ? '0123456789abcdef'.repeat(4) : hash('sha256', content);
  const size = content?.length ?? 1000;
  for (let number = 0; number < count; number += 1) {
    const id = randomUUID();
    const version = `1.0.${number}.01234567`;
    const app = appKeys[number % appKeys.length] ?? '';
    const at = 1_700_000_000_000 + number;
    const key = `${id}.1.loyw3v28`;
    insert.run({ id, app, name: `Main line-${version}.mda`, version, at, size, sha256, key });
    if (content !== undefined) writePackage(join(dataFolder, 'packages', key.slice(0, 2), key), content);
  }
}

function writePackage(path: string, content: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
