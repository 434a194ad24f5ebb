import type { Generated, Insertable, Selectable } from 'kysely';
import type { ModeKey } from '../domain/environment-mode.ts';
import type { FailureCode } from '../domain/failure.ts';
import type { AppId, Login, PackageId, ProjectId } from '../domain/identifiers.ts';
import type { MendixVersion } from '../domain/mendix-version.ts';
import type { EnvironmentStatus, TargetKind } from '../protocol/environments.ts';
import type { ErrorCode } from '../protocol/error-codes.ts';
import type { License, RepositoryKind } from '../protocol/manage.ts';
import type { DeployStatus, PackageOrigin, PackageStatus, TagStatus } from '../protocol/package.ts';
import type { PushStatus } from '../protocol/pushes.ts';
import type { EventType, MessageStatus } from '../protocol/webhook-events.ts';

/**
 * The tables, as TypeScript sees them. Times are milliseconds since 1970, flags are 0 or 1, sizes are bytes: types that
 * mean the same on SQLite and on PostgreSQL.
 */
export interface Tables {
  users: UsersTable;
  api_keys: ApiKeysTable;
  apps: AppsTable;
  app_secrets: AppSecretsTable;
  permissions: PermissionsTable;
  packages: PackagesTable;
  mendix_versions: MendixVersionsTable;
  idempotency_keys: IdempotencyKeysTable;
  outbox: OutboxTable;
  environments: EnvironmentsTable;
  deployment_jobs: DeploymentJobsTable;
  held_packages: HeldPackagesTable;
  package_settings: PackageSettingsTable;
  environment_settings: EnvironmentSettingsTable;
  webhooks: WebhooksTable;
  webhook_messages: WebhookMessagesTable;
  webhook_attempts: WebhookAttemptsTable;
  push_secrets: PushSecretsTable;
  push_rules: PushRulesTable;
  pushes: PushesTable;
  audit: AuditTable;
  leases: LeasesTable;
  moves: MovesTable;
  deployment_orders: DeploymentOrdersTable;
  installation: InstallationTable;
  build_log_chunks: BuildLogChunksTable;
}

interface UsersTable {
  id: string;
  login: Login;
  name: string;
  is_admin: number;
  created_at: number;
  disabled_at: number | null;
}

interface ApiKeysTable {
  id: string;
  user_id: string;
  name: string;
  /** SHA-256 of the key, in hex. */
  hash: string;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  revoked_at: number | null;
  /** As `domain/token-scopes.ts` reads them; null for a key that is good for all that its user may do. */
  scopes: string | null;
}

interface AppsTable {
  /** Names the app in every other table and on disk; never shown. */
  id: string;
  app_id: AppId;
  project_id: ProjectId;
  name: string;
  kind: RepositoryKind;
  repository: string;
  main_branch: string | null;
  license: License;
  created_at: number;
  /** When a build of this app was claimed last: the queue's fairness. */
  served_at: number;
  /** The worker that claimed it: the next build of the app waits for it a little. */
  served_by: string | null;
  /** As `domain/app-settings.ts` reads it. */
  settings: string;
  /** What its repository asks for, sealed: see `secrets/secret-box.ts`. */
  credentials: string | null;
  /** Login of its Technical Contact. */
  technical_contact: Login | null;
  /** Set when it was deleted: from then on nobody finds it, and its packages go a page at a time. */
  deleted_at: number | null;
}

interface AppSecretsTable {
  app_id: string;
  /** Of the environment variable. */
  name: string;
  /** Sealed. */
  value: string;
  changed_at: number;
}

interface PermissionsTable {
  app_id: string;
  user_id: string;
  /** null for every environment of the app where the user has no rights of its own. */
  environment_id: string | null;
  /** As `domain/permissions.ts` reads them. */
  rights: string;
}

interface PackagesTable {
  /** Order of acceptance. */
  sequence: Generated<number>;
  id: PackageId;
  app_id: string;
  name: string;
  description: string;
  version: string;
  creator_login: Login;
  creator_name: string;
  created_at: number;
  status: PackageStatus;
  /** An upload is Uploading from when its bytes are here: no worker has it, and it has no lease, branch or revision. */
  origin: Generated<PackageOrigin>;
  /** The bare name; empty for an upload. */
  branch: string;
  is_main_line: number;
  /** Empty for an upload. */
  revision: string;
  /** Counts the claims: the guard of every update by a worker. */
  attempt: number;
  /** How many workers vanished while they had it. */
  interruptions: number;
  worker: string | null;
  lease_expires_at: number | null;
  started_at: number | null;
  finished_at: number | null;
  failure_code: FailureCode | null;
  failure_reason: string | null;
  /** What the builder found wrong, as `Problem`s in JSON; null where there is nothing. */
  problems: string | null;
  mendix_version: string | null;
  size_bytes: number;
  /** An upload that has not ended has it once its file is whole and durable. */
  sha256: string | null;
  blob_key: string | null;
  tag_status: TagStatus | null;
  tag_message: string | null;
  /** null where nothing deploys it by itself. */
  deploy_status: DeployStatus | null;
  deploy_message: string | null;
  /** Kept until it is unpinned. */
  pinned: Generated<number>;
  /** The span that accepted its build, as `traceparent` of W3C Trace Context; null where nobody traces it. */
  trace_parent: string | null;
}

interface MendixVersionsTable {
  app_id: string;
  /** A revision or a content of the app's repository: see `operations/find-mendix-versions.ts`. */
  subject: string;
  /** null where it was looked into and says none. */
  version: MendixVersion | null;
}

interface IdempotencyKeysTable {
  app_id: string;
  user_id: string;
  key: string;
  request_hash: string;
  package_id: PackageId;
  created_at: number;
}

interface OutboxTable {
  id: Generated<number>;
  /** What to do; its meaning is in `outbox/`. */
  kind: 'tag' | 'deploy';
  package_id: PackageId;
  app_id: string;
  created_at: number;
  attempts: number;
  /** Not to be tried before. */
  due_at: number;
}

interface EnvironmentsTable {
  id: string;
  app_id: string;
  /** As it was written. */
  mode: string;
  mode_key: ModeKey;
  target: TargetKind;
  /** What its target needs to know, sealed; null where that is nothing. */
  target_options: string | null;
  is_production: number;
  /** Empty where it has none. */
  url: string;
  status: EnvironmentStatus;
  /** What was transported last: the next start runs it. */
  package_id: PackageId | null;
  /** What the last start has run; another one may have been transported since. */
  running_package_id: PackageId | null;
  created_at: number;
}

interface DeploymentJobsTable {
  id: string;
  environment_id: string;
  kind: 'transport' | 'start';
  package_id: PackageId;
  auto_sync_db: number;
  state: 'UnderWay' | 'Done' | 'Failed';
  error_code: ErrorCode | null;
  error_message: string | null;
  created_at: number;
  finished_at: number | null;
}

interface HeldPackagesTable {
  environment_id: string;
  package_id: PackageId;
  /** When it was transported there last. */
  held_at: number;
}

interface PackageSettingsTable {
  package_id: PackageId;
  /** The constants and scheduled events that it declares, as `operations/declared-settings.ts` reads them. */
  declared: string;
}

/** Each as `operations/environment-settings.ts` reads it: sealed, and null for nothing. */
interface EnvironmentSettingsTable {
  environment_id: string;
  /** What was set, also for packages that it held before. */
  chosen: string | null;
  /** What the start that began last runs with. */
  starting: string | null;
  /** What the start that ended well last ran with. */
  deployed: string | null;
}

interface WebhooksTable {
  /** Order of creation. */
  sequence: Generated<number>;
  /** `mxep_…` */
  id: string;
  app_id: string;
  name: string;
  url: string;
  /** Which events it is told of, as a JSON array of `EventType`s. */
  event_types: string;
  is_active: number;
  /** What its messages are signed with, sealed: as `operations/webhook-secrets.ts` reads it. */
  secrets: string;
  /** Headers of its own, sealed; null for none. */
  headers: string | null;
  /** Why it is not active, where it was not a person who disabled it. */
  note: string | null;
  /** Attempts that failed since the last one that did not. */
  failures: Generated<number>;
  /** When the first of them was. */
  failing_since: number | null;
  /** Nothing is sent to it before. */
  rests_until: Generated<number>;
  created_at: number;
}

interface WebhookMessagesTable {
  /** Order of what happened. */
  sequence: Generated<number>;
  /** `msg_…`: what its receiver knows it by when it comes again. */
  id: string;
  webhook_id: string;
  event_type: EventType;
  /** The body, as it is signed and sent. */
  payload: string;
  is_test: number;
  status: MessageStatus;
  attempts: number;
  created_at: number;
  /** Not to be tried before. */
  due_at: number;
  ended_at: number | null;
}

interface WebhookAttemptsTable {
  id: Generated<number>;
  message_id: string;
  at: number;
  duration_ms: number;
  url: string;
  /** JSON, without what is secret. */
  request_headers: string;
  /** null where no answer came. */
  response_status: number | null;
  response_headers: string | null;
  /** Its beginning. */
  response_body: string | null;
  /** Why it did not succeed, in a sentence; null where it did. */
  error: string | null;
}

interface PushSecretsTable {
  app_id: string;
  /** Sealed: as `operations/push-secrets.ts` reads it. */
  secrets: string;
  changed_at: number;
}

interface PushRulesTable {
  id: string;
  app_id: string;
  /** The first rule of an app that takes a branch is the one. */
  position: number;
  /** As `domain/push/push-rule.ts` reads it. */
  branch: string;
  /** As `domain/push/version-rule.ts` reads it. */
  version: string;
  /** Of the packages; empty for one that says what was pushed. */
  description: string;
  latest_only: number;
  /** The user who set it: its builds are this user's. */
  owner_id: string;
  changed_at: number;
}

interface PushesTable {
  /** Order of arrival. */
  sequence: Generated<number>;
  id: string;
  app_id: string;
  /** What its sender calls it, also when it sends it again; null where it has no name for it. */
  delivery_id: string | null;
  /** SHA-256 of the body, in hex; null where the same body may mean something new. */
  digest: string | null;
  /** The bare name. */
  branch: string;
  /** null where that is for the repository to say. */
  is_main_line: number | null;
  before_revision: string;
  after_revision: string;
  /** Who pushed; empty where that was not said. */
  pusher: string;
  /** First line of its newest commit message; empty where it told of none. */
  summary: string;
  status: PushStatus;
  /** The rule that took it. */
  rule_id: string | null;
  rule_branch: string | null;
  /** The build that it started. */
  package_id: PackageId | null;
  /** Why it started none, or has not yet, in a sentence. */
  reason: string | null;
  /** How often it was tried in vain. */
  attempts: number;
  received_at: number;
  /** Not to be tried before. */
  due_at: number;
  ended_at: number | null;
}

interface AuditTable {
  id: Generated<number>;
  at: number;
  login: string;
  action: string;
  subject: string;
  detail: string;
}

interface LeasesTable {
  /** What one process alone does at a time. */
  name: string;
  holder: string;
  expires_at: number;
}

/** At most one row: a data folder that `slipway migrate` moves here, or has moved. */
interface MovesTable {
  /** What no other data folder has: the id of its user `admin`. */
  source: string;
  /** Where it is, for people. */
  place: string;
  /** Of all that its tables held when the move began: see `digest-table.ts`. */
  digest: string;
  began_at: number;
  /** null while servers must not use what is here. */
  finished_at: number | null;
}

interface DeploymentOrdersTable {
  id: string;
  environment_id: string;
  /** Who waits for its report. */
  holder: string;
  /** JSON, as it came; null while it is waited for. */
  report: string | null;
  created_at: number;
}

interface InstallationTable {
  /** One row. */
  id: string;
  /** What the blob store bears that nobody else can know; null until it was marked. */
  store_mark: string | null;
  /** What it is about to bear instead, and may bear already; null when nothing is under way. */
  next_store_mark: string | null;
  /** Names the key that all servers and workers of a shared database have; null until the first of them starts. */
  secret_key_id: string | null;
}

interface BuildLogChunksTable {
  package_id: PackageId;
  /** Where in the log it begins, in bytes of UTF-8. */
  position: number;
  size_bytes: number;
  /** null where it is a blob. */
  text: string | null;
  blob_key: string | null;
}

export type InstallationRow = Selectable<InstallationTable>;
export type UserRow = Selectable<UsersTable>;
export type ApiKeyRow = Selectable<ApiKeysTable>;
export type AppRow = Selectable<AppsTable>;
export type AppSecretRow = Selectable<AppSecretsTable>;
export type PackageRow = Selectable<PackagesTable>;
export type NewPackage = Insertable<PackagesTable>;
export type OutboxRow = Selectable<OutboxTable>;
export type EnvironmentRow = Selectable<EnvironmentsTable>;
export type DeploymentJobRow = Selectable<DeploymentJobsTable>;
export type EnvironmentSettingsRow = Selectable<EnvironmentSettingsTable>;
export type WebhookRow = Selectable<WebhooksTable>;
export type WebhookMessageRow = Selectable<WebhookMessagesTable>;
export type WebhookAttemptRow = Selectable<WebhookAttemptsTable>;
export type PushSecretRow = Selectable<PushSecretsTable>;
export type PushRuleRow = Selectable<PushRulesTable>;
export type PushRow = Selectable<PushesTable>;
export type AuditRow = Selectable<AuditTable>;
export type MoveRow = Selectable<MovesTable>;
export type DeploymentOrderRow = Selectable<DeploymentOrdersTable>;
export type BuildLogChunkRow = Selectable<BuildLogChunksTable>;
