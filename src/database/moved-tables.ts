import type { Tables } from './schema.ts';

/**
 * How things stand with the processes on one database, and what it is told from others by; and logs, which one server
 * alone keeps in files.
 */
type StayingTable = 'leases' | 'moves' | 'installation' | 'build_log_chunks';

export type MovedTable = Exclude<keyof Tables, StayingTable>;

/**
 * Every table whose rows are moved to another database, after the tables that its rows refer to, with the columns that tell
 * its rows apart. Where that is one number, it counts up.
 */
export const MOVED_TABLES = {
  users: ['id'],
  api_keys: ['id'],
  apps: ['id'],
  app_secrets: ['app_id', 'name'],
  environments: ['id'],
  permissions: ['app_id', 'user_id', 'environment_id'],
  packages: ['sequence'],
  package_settings: ['package_id'],
  mendix_versions: ['app_id', 'subject'],
  idempotency_keys: ['app_id', 'user_id', 'key'],
  outbox: ['id'],
  deployment_jobs: ['id'],
  deployment_orders: ['id'],
  held_packages: ['environment_id', 'package_id'],
  environment_settings: ['environment_id'],
  webhooks: ['sequence'],
  webhook_messages: ['sequence'],
  webhook_attempts: ['id'],
  push_secrets: ['app_id'],
  push_rules: ['id'],
  pushes: ['sequence'],
  audit: ['id'],
} as const satisfies { readonly [Name in MovedTable]: readonly (keyof Tables[Name])[] };

export const MOVED_TABLE_NAMES = Object.keys(MOVED_TABLES) as readonly MovedTable[];
