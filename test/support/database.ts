import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { insertApp } from '../../src/database/apps.ts';
import type { Database, Queries } from '../../src/database/database.ts';
import { insertPackage } from '../../src/database/packages.ts';
import type { AppRow, NewPackage } from '../../src/database/schema.ts';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import type { AppId, Login, PackageId, ProjectId } from '../../src/domain/identifiers.ts';
import { openTestPostgres } from './postgres.ts';
import { IS_SHARED } from './shape.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** An empty database of a test's own, of the shape that tests run on. */
export async function testDatabase(test: Pick<TestContext, 'after'>): Promise<Database> {
  if (IS_SHARED) return await openTestPostgres(test);
  const database = await openSqliteDatabase(join(await temporaryFolder(test), 'test.db'));
  test.after(() => database.close());
  return database;
}

/** Writes an app with nothing behind it. */
export async function addApp(
  database: Database,
  appId: string,
  repository = '/nowhere',
  license: AppRow['license'] = 'licensed',
): Promise<AppRow> {
  const app: AppRow = {
    id: randomUUID(),
    app_id: appId as AppId,
    project_id: randomUUID() as string as ProjectId,
    name: appId,
    kind: 'git',
    repository,
    main_branch: null,
    license,
    created_at: 1,
    served_at: 0,
    served_by: null,
    settings: '{}',
    credentials: null,
    technical_contact: null,
    deleted_at: null,
  };
  await database.transaction((queries) => insertApp(queries, app));
  return app;
}

/** Writes a package, Queued unless `fields` says otherwise. */
export async function addPackage(
  database: Database,
  app: AppRow,
  fields: Partial<NewPackage> = {},
): Promise<PackageId> {
  const id = fields.id ?? (randomUUID() as string as PackageId);
  await database.transaction((queries) => insertPackage(queries, newPackage(app, { ...fields, id })));
  return id;
}

const BATCH = 200;

/** Writes very many packages whose builds failed. */
export async function addFailedPackages(database: Database, app: AppRow, count: number): Promise<void> {
  const failed = { status: 'Failed', failure_code: 'internal', failure_reason: '' } as const;
  await database.transaction(async (queries) => {
    for (let left = count; left > 0; left -= BATCH) {
      const rows = Array.from({ length: Math.min(left, BATCH) }, () =>
        newPackage(app, { id: randomUUID() as string as PackageId, ...failed }),
      );
      await queries.insertInto('packages').values(rows).execute();
    }
  });
}

/** How many packages there are, of every app. */
export async function countPackages(queries: Queries): Promise<number> {
  const row = await queries
    .selectFrom('packages')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return row.count;
}

function newPackage(app: AppRow, fields: Partial<NewPackage> & { id: PackageId }): NewPackage {
  return {
    app_id: app.id,
    name: 'Main line-1.0.0.1.mda',
    description: '',
    version: '1.0.0.1',
    creator_login: 'someone' as Login,
    creator_name: 'Someone',
    created_at: 1,
    status: 'Queued',
    branch: 'main',
    is_main_line: 1,
    revision: '0123456789012345678901234567890123456789',
    attempt: 0,
    interruptions: 0,
    size_bytes: 0,
    ...fields,
  };
}
