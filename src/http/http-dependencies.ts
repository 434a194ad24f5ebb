import type { FastifyBaseLogger } from 'fastify';
import type { BlobStore } from '../blob/blob-store.ts';
import type { BuildLog } from '../build-log/build-log.ts';
import type { Database } from '../database/database.ts';
import type { HoldingEnvironment } from '../database/environments.ts';
import type { PermissionEntry } from '../database/permissions.ts';
import type { OwnedPushRule } from '../database/push-rules.ts';
import type { AppRow, EnvironmentRow, UserRow, WebhookMessageRow, WebhookRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { BranchRequest } from '../domain/branch-name.ts';
import type { Mode } from '../domain/environment-mode.ts';
import type { Login, PackageId } from '../domain/identifiers.ts';
import type { PermissionChange } from '../domain/permissions.ts';
import type { SetSettingsRequest } from '../domain/set-settings-request.ts';
import type { StartBuildRequest } from '../domain/start-build-request.ts';
import type { UploadFields } from '../domain/upload-fields.ts';
import type { WebhookRequest } from '../domain/webhook-request.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { WrittenWebhook } from '../operations/create-webhook.ts';
import type { DescribedBranch, DescribedRevision } from '../operations/describe-branches.ts';
import type { PushSecretFacts } from '../operations/describe-push-secret.ts';
import type { WebhookDescription } from '../operations/describe-webhook.ts';
import type { EnvironmentSettings } from '../operations/get-settings.ts';
import type { BranchWithCommit, Commit, Page, PageRange } from '../operations/page-repository.ts';
import type { Pruned } from '../operations/prune-packages.ts';
import type { StartedJob } from '../operations/start-environment.ts';
import type { SentBody } from '../operations/verify-push.ts';
import type {
  CreateEnvironment,
  UpdateEnvironment,
  WireManagedEnvironment,
  WireStartStatus,
} from '../protocol/environments.ts';
import type { CreateApp, CreatedKey, CreateKey, CreateUser, UpdateApp } from '../protocol/manage.ts';
import type { SetPushRule, WirePushAnswer } from '../protocol/pushes.ts';
import type { Retention } from '../protocol/retention.ts';
import type { SetCredentials } from '../protocol/secrets.ts';
import type { EventType } from '../protocol/webhook-events.ts';
import type { Redelivered } from '../protocol/webhooks.ts';
import type { RemoteCredentials } from '../repository/remote-credentials.ts';
import type { LinkSigner } from './link-signer.ts';

/** Everything the HTTP server needs. What is opened here is closed by whoever opened it. */
export interface HttpDependencies {
  readonly database: Database;
  readonly operations: HttpOperations;
  readonly blobs: BlobStore;
  readonly buildLog: BuildLog;
  readonly links: LinkSigner;
  readonly metrics: Metrics;
  readonly logger: FastifyBaseLogger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly settings: HttpSettings;
}

export interface HttpSettings {
  /** Address in links, without a trailing slash; undefined for the one that the client used. */
  readonly publicUrl: string | undefined;
  readonly linkTtlSeconds: number;
  /** Where links lead: to this server, or to the store of packages, which must be able to give such. */
  readonly downloads: 'server' | 'store';
  readonly bodyLimitBytes: number;
  /** Of the package that an upload brings. */
  readonly uploadLimitBytes: number;
  /** Whose `X-Forwarded-*` headers are believed. */
  readonly trustProxy: boolean | readonly string[];
  /** PEM texts; undefined for plain HTTP. */
  readonly tls: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
  /** How long answers that are under way may still take once the server closes. */
  readonly closeTimeoutMs: number;
}

/** The settings that most servers and tests run with. */
export const HTTP_DEFAULTS: HttpSettings = {
  publicUrl: undefined,
  linkTtlSeconds: 900,
  downloads: 'server',
  bodyLimitBytes: 1024 * 1024,
  uploadLimitBytes: 2 ** 30,
  trustProxy: false,
  tls: undefined,
  closeTimeoutMs: 10_000,
};

/** The verbs of `operations/`, bound to what they need. Every refusal is thrown as a Refusal. */
export interface HttpOperations {
  startBuild(args: StartBuildArguments, signal: AbortSignal): Promise<PackageId>;
  cancelBuild(args: PackageArguments): Promise<void>;
  deletePackage(args: PackageArguments): Promise<void>;
  pinPackage(args: PackageArguments & { readonly pinned: boolean }): Promise<void>;
  /** @param args `retention`: undefined for that of the app; `after`: where to go on, 0 to begin */
  prunePackages(
    args: AppArguments & {
      readonly retention: Retention | undefined;
      readonly dryRun: boolean;
      readonly after: number;
    },
    signal: AbortSignal,
  ): Promise<Pruned>;
  /** @param args `read` gives the bytes, one chunk after the other, and then what came with them */
  receiveUpload(
    args: AppArguments & { readonly read: (write: (chunk: Uint8Array) => Promise<void>) => Promise<UploadFields> },
  ): Promise<PackageId>;
  createApp(args: { readonly user: User; readonly request: CreateApp }): Promise<AppRow>;
  updateApp(args: { readonly user: User; readonly app: AppRow; readonly request: UpdateApp }): Promise<AppRow>;
  deleteApp(args: { readonly user: User; readonly app: AppRow }): Promise<void>;
  /** undefined where the app has none. */
  readAppCredentials(app: AppRow): Promise<RemoteCredentials | undefined>;
  /** @param args `request`: undefined to take them away */
  changeAppCredentials(args: AppArguments & { readonly request: SetCredentials | undefined }): Promise<void>;
  setAppSecret(args: AppArguments & { readonly name: string; readonly value: string }): Promise<void>;
  removeAppSecret(args: AppArguments & { readonly name: string }): Promise<void>;
  describePushSecret(app: AppRow): Promise<PushSecretFacts | undefined>;
  /** @returns the one that was made, where none was given */
  setPushSecret(args: AppArguments & { readonly secret: string | undefined }): Promise<string | undefined>;
  removePushSecret(args: AppArguments): Promise<void>;
  setPushRule(args: AppArguments & { readonly branch: string; readonly request: SetPushRule }): Promise<OwnedPushRule>;
  removePushRule(args: AppArguments & { readonly branch: string }): Promise<void>;
  /** @param sent by whoever: what it is worth its signature says */
  receivePush(sent: SentBody & { readonly app: string }): Promise<WirePushAnswer>;
  createUser(args: { readonly user: User; readonly request: CreateUser }): Promise<UserRow>;
  disableUser(args: { readonly user: User; readonly login: Login }): Promise<void>;
  createKey(args: { readonly user: User; readonly login: Login; readonly request: CreateKey }): Promise<CreatedKey>;
  revokeKey(args: { readonly user: User; readonly login: Login; readonly keyId: string }): Promise<void>;
  listBranches(app: AppRow, signal: AbortSignal): Promise<readonly DescribedBranch[]>;
  findBranch(app: AppRow, branch: BranchRequest, signal: AbortSignal): Promise<DescribedBranch>;
  listRevisions(
    app: AppRow,
    page: { readonly branch: BranchRequest; readonly limit: number },
    signal: AbortSignal,
  ): Promise<readonly DescribedRevision[]>;
  pageBranches(app: AppRow, range: PageRange, signal: AbortSignal): Promise<Page<BranchWithCommit>>;
  retrieveBranch(app: AppRow, branch: BranchRequest, signal: AbortSignal): Promise<BranchWithCommit>;
  pageCommits(
    app: AppRow,
    range: PageRange & { readonly branch: BranchRequest; readonly headId?: string },
    signal: AbortSignal,
  ): Promise<Page<Commit> & { readonly headId: string }>;
  createEnvironment(args: AppArguments & { readonly request: CreateEnvironment }): Promise<HoldingEnvironment>;
  createFreeEnvironment(args: AppArguments): Promise<void>;
  updateEnvironment(args: EnvironmentArguments & { readonly request: UpdateEnvironment }): Promise<HoldingEnvironment>;
  /** The options of its target, without what nobody may see. */
  showTargetOptions(environment: EnvironmentRow): WireManagedEnvironment['TargetOptions'];
  deleteEnvironment(args: EnvironmentArguments & { readonly force: boolean }): Promise<void>;
  transportPackage(args: EnvironmentArguments & { readonly packageId: PackageId }): Promise<void>;
  startEnvironment(args: EnvironmentArguments & { readonly autoSyncDb: boolean }): Promise<StartedJob>;
  getStartStatus(
    args: Omit<EnvironmentArguments, 'user'> & { readonly jobId: string },
  ): Promise<WireStartStatus['Status']>;
  stopEnvironment(args: EnvironmentArguments): Promise<void>;
  cleanEnvironment(args: EnvironmentArguments): Promise<HoldingEnvironment>;
  getSettings(environment: EnvironmentRow): Promise<EnvironmentSettings>;
  setSettings(args: EnvironmentArguments & { readonly request: SetSettingsRequest }): Promise<EnvironmentSettings>;
  takeDeploymentReport(report: DeploymentReportArguments): Promise<void>;
  /** @returns all that the user was given on the app from then on */
  changePermissions(args: PermissionsArguments): Promise<readonly PermissionEntry[]>;
  createWebhook(args: AppArguments & { readonly request: WebhookRequest }): Promise<WrittenWebhook>;
  updateWebhook(args: WebhookArguments & { readonly request: WebhookRequest }): Promise<WrittenWebhook>;
  deleteWebhook(args: WebhookArguments): Promise<void>;
  /** What may be told of its secret and its headers. */
  describeWebhook(row: WebhookRow): WebhookDescription;
  testWebhook(args: WebhookArguments & { readonly eventType: EventType | undefined }): Promise<WebhookMessageRow>;
  redeliverMessage(args: WebhookArguments & { readonly messageId: string }): Promise<WebhookMessageRow>;
  /** @param args `since`: in milliseconds since 1970 */
  redeliverFailed(args: WebhookArguments & { readonly since: number }): Promise<Redelivered>;
}

interface StartBuildArguments {
  readonly app: AppRow;
  readonly user: User;
  readonly request: StartBuildRequest;
  readonly idempotencyKey: string | undefined;
  /** As it came. */
  readonly traceParent: string | undefined;
}

interface AppArguments {
  readonly user: User;
  readonly app: AppRow;
}

interface EnvironmentArguments extends AppArguments {
  readonly mode: Mode;
}

interface WebhookArguments extends AppArguments {
  readonly webhookId: string;
}

interface PackageArguments {
  readonly app: AppRow;
  readonly user: User;
  readonly packageId: PackageId;
}

/** A report of an order, from whoever was given that: what it is worth its signature says. */
interface DeploymentReportArguments {
  readonly orderId: string;
  /** Of its header `webhook-id`, and so on; empty where that is missing. */
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly body: Buffer;
}

interface PermissionsArguments extends AppArguments {
  readonly login: Login;
  /** undefined for the whole app. */
  readonly mode: Mode | undefined;
  readonly changes: readonly PermissionChange[];
}
