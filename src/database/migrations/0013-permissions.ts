import { type Kysely, sql } from 'kysely';
import type { Tables } from '../schema.ts';

/**
 * Who may do what on which environment. API Rights were for a whole app until now, and were enough to deploy: they become
 * API Rights and Transport Rights on it.
 */
export async function up(database: Kysely<Tables>): Promise<void> {
  const { schema } = database;
  await schema
    .createTable('permissions')
    .addColumn('app_id', 'text', (column) => column.notNull().references('apps.id'))
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.id'))
    .addColumn('environment_id', 'text', (column) => column.references('environments.id'))
    .addColumn('rights', 'text', (column) => column.notNull())
    .execute();
  await schema
    .createIndex('permissions_on_whole_app')
    .unique()
    .on('permissions')
    .columns(['app_id', 'user_id'])
    .where(sql.ref('environment_id'), 'is', null)
    .execute();
  await schema
    .createIndex('permissions_on_app')
    .unique()
    .on('permissions')
    .columns(['app_id', 'user_id', 'environment_id'])
    .execute();
  await schema.createIndex('permissions_of_environment').on('permissions').column('environment_id').execute();
  await sql`insert into permissions (app_id, user_id, environment_id, rights)
    select app_id, user_id, null, 'transport api' from api_rights`.execute(database);
  await schema.dropTable('api_rights').execute();
  await schema
    .alterTable('apps')
    .addColumn('technical_contact', 'text', (column) => column.references('users.login'))
    .execute();
}
