import pg from 'pg';

/** Rows that are written straight into a database, as if apps had been built side by side. */
export interface StoredRows {
  readonly apps: number;
  /** Packages that have Succeeded, of these apps in turn. */
  readonly succeeded: number;
  /** Builds that wait, of these apps in turn. */
  readonly queued: number;
}

/** @param databaseUrl of a database that has its tables */
export async function storeInPostgres(databaseUrl: string, { apps, succeeded, queued }: StoredRows): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(APPS, [apps]);
    await client.query(SUCCEEDED, [apps, succeeded]);
    await client.query(QUEUED, [apps, queued]);
    // What autovacuum would do a while later.
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

const APPS = `
  insert into apps (id, app_id, project_id, name, kind, repository, main_branch, created_at)
  select gen_random_uuid()::text, 'app-' || n, gen_random_uuid()::text, 'App ' || n, 'git', '/nowhere', 'main', 1700000000000
  from generate_series(0, $1::integer - 1) n
  on conflict do nothing`;

const OF_ALL = `id, app_id, name, description, version, creator_login, creator_name, created_at, branch, is_main_line, revision,
  interruptions, status, attempt, size_bytes`;

const VALUES_OF_ALL = `gen_random_uuid()::text, apps.id, 'Main line-1.0.' || n || '.01234567.mda', 'A package of a benchmark',
  '1.0.' || n || '.01234567', 'admin', 'Administrator', 1700000000000 + n, 'main', 1,
  '0123456789012345678901234567890123456789', 0`;

const SERIES = `from generate_series(0, $2::integer - 1) n join apps on apps.app_id = 'app-' || n % $1::integer order by n`;

const SUCCEEDED = `
  insert into packages (${OF_ALL}, worker, started_at, finished_at, sha256, blob_key, tag_status)
  select ${VALUES_OF_ALL}, 'Succeeded', 1, 1000, 'worker:1', 1700000000000 + n, 1700000000009 + n,
    repeat('0123456789abcdef', 4), gen_random_uuid()::text || '.1.loyw3v28', 'Done'
  ${SERIES}`;

const QUEUED = `
  insert into packages (${OF_ALL})
  select ${VALUES_OF_ALL}, 'Queued', 0, 0
  ${SERIES}`;
