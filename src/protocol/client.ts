import { ClientError } from './client-error.ts';
import type {
  CreateEnvironment,
  SetSettings,
  UpdateEnvironment,
  WireManagedEnvironment,
  WireSettings,
} from './environments.ts';
import { type Call, type Connection, makeCall, readJson } from './http-call.ts';
import type {
  CreateApp,
  CreatedKey,
  CreateKey,
  CreateUser,
  UpdateApp,
  WireApp,
  WireAuditEntry,
  WireKey,
  WireUser,
} from './manage.ts';
import type { StartBuildAnswer, WirePackage } from './package.ts';
import type { ChangePermissions, Right, WirePermissions } from './permissions.ts';
import type { SetPushRule, WireNewPushSecret, WirePush, WirePushRule, WirePushSecret } from './pushes.ts';
import type { PruneAnswer, PrunePackages } from './retention.ts';
import type { SetCredentials, WireCredentials, WireSecret } from './secrets.ts';
import { readEvents } from './server-sent-events.ts';
import type { UploadJobAnswer } from './uploads.ts';
import type { MessageStatus } from './webhook-events.ts';
import type {
  Redeliver,
  Redelivered,
  TestWebhook,
  UpsertWebhook,
  WireMessage,
  WireMessageDetail,
  WireMessages,
  WireWebhookDetail,
  WireWebhooks,
} from './webhooks.ts';

/**
 * The calls of Slipway, typed. It owns addresses and headers; it keeps nothing between calls. Every call throws
 * `ClientError` for what is not a 2xx answer.
 */
export type Client = ReturnType<typeof createClient>;

/** What a build asks for, as the documented Start Build call spells it. */
export interface StartBuild {
  readonly Branch?: string;
  readonly Revision: string;
  readonly Version: string;
  readonly Description?: string;
}

export type PackageEvent =
  | { readonly type: 'status'; readonly package: WirePackage }
  | { readonly type: 'log'; readonly line: string };

export interface Waiting {
  readonly signal?: AbortSignal | undefined;
}

export function createClient(connection: Connection) {
  return {
    ...packageCalls(connection),
    ...appCalls(connection),
    ...environmentCalls(connection),
    ...permissionCalls(connection),
    ...secretCalls(connection),
    ...pushCalls(connection),
    ...userCalls(connection),
    ...webhookCalls(connection),
  };
}

/** Node's `fetch` waits five minutes for an answer and no longer: this and the usual time are just that. */
const FIRST_FETCH_MS = 270_000;

/** As long as a server waits for it. */
const UPLOAD_MS = 4 * 60 * 60 * 1000;

function packageCalls(connection: Connection) {
  const path = (app: string, id?: string, rest = '') =>
    `/api/1/apps/${segment(app)}/packages${id === undefined ? '' : `/${segment(id)}`}${rest}`;
  return {
    listPackages: (app: string) => callForJson<WirePackage[]>(connection, get(path(app))),
    /** @param options `wait`: up to so many seconds for the status to change; `url`: with a download link */
    getPackage: (app: string, id: string, options: { url?: boolean; wait?: number } & Waiting = {}) =>
      callForJson<WirePackage>(connection, {
        ...get(path(app, id)),
        query: { url: options.url, wait: options.wait },
        extraTimeoutMs: (options.wait ?? 0) * 1000,
        signal: options.signal,
      }),
    /** Resolves when the bytes are there; the package is Uploading until it was checked. @param bytes of a zip */
    uploadPackage: (
      app: string,
      bytes: AsyncIterable<Uint8Array>,
      query: { readonly name: string; readonly description?: string | undefined },
    ) =>
      callForJson<UploadJobAnswer>(connection, {
        ...post(`/api/v2/apps/${segment(app)}/packages/upload`),
        bytes,
        query,
        extraTimeoutMs: UPLOAD_MS,
      }),
    deletePackage: (app: string, id: string) => callForJson<object>(connection, remove(path(app, id))),
    /** Safe to repeat: the key makes it one build. The answer to the first one waits until the repository is fetched. */
    startBuild: (app: string, build: StartBuild, idempotencyKey: string) =>
      callForJson<StartBuildAnswer>(connection, {
        ...post(path(app), build),
        headers: { 'Idempotency-Key': idempotencyKey },
        repeatable: true,
        extraTimeoutMs: FIRST_FETCH_MS,
      }),
    cancelBuild: (app: string, id: string) => callForJson<object>(connection, post(path(app, id, '/cancel'))),
    /** Keeps a package until it is unpinned. */
    pinPackage: (app: string, id: string) =>
      callForJson<object>(connection, { method: 'PUT', path: path(app, id, '/pin'), repeatable: true }),
    unpinPackage: (app: string, id: string) =>
      callForJson<object>(connection, { ...remove(path(app, id, '/pin')), repeatable: true }),
    /** The log as it is now. */
    readLog: async (app: string, id: string) => bodyOf(await makeCall(connection, get(path(app, id, '/log')))),
    /** Status and log as they come, from the beginning until the build has ended. */
    followPackage: (app: string, id: string, waiting: Waiting = {}) =>
      followEvents(connection, { ...get(path(app, id, '/events')), ...waiting }),
    /** @returns the answer, whose body is the file */
    downloadPackage: (app: string, id: string) => makeCall(connection, get(path(app, id, '/download'))),
  };
}

function appCalls(connection: Connection) {
  const path = (app?: string, rest = '') => `/manage/1/apps${app === undefined ? '' : `/${segment(app)}`}${rest}`;
  const rightPath = (app: string, login: string) => path(app, `/api-rights/${segment(login)}`);
  return {
    listApps: () => callForJson<WireApp[]>(connection, get(path())),
    createApp: (app: CreateApp) => callForJson<WireApp>(connection, post(path(), app)),
    /** What is not given stays as it is; null goes back to the default. */
    updateApp: (app: string, change: UpdateApp) =>
      callForJson<WireApp>(connection, { method: 'PATCH', path: path(app), body: change, repeatable: true }),
    getApp: (app: string) => callForJson<WireApp>(connection, get(path(app))),
    /** One stretch of it: where the answer has a Cursor, the next call goes on with it. */
    prunePackages: (app: string, request: PrunePackages) =>
      callForJson<PruneAnswer>(connection, {
        ...post(path(app, '/prune'), request),
        repeatable: request.DryRun === true,
      }),
    deleteApp: (app: string) => callForJson<object>(connection, remove(path(app))),
    /** The users who have API Rights to the app. */
    listApiRights: (app: string) => callForJson<WireUser[]>(connection, get(path(app, '/api-rights'))),
    grantApiRights: (app: string, login: string) =>
      callForJson<object>(connection, { method: 'PUT', path: rightPath(app, login), repeatable: true }),
    revokeApiRights: (app: string, login: string) => callForJson<object>(connection, remove(rightPath(app, login))),
  };
}

/** Whose rights, and on what. */
export interface PermissionAddress {
  readonly app: string;
  readonly login: string;
  /** Its mode; the whole app without. */
  readonly environment?: string;
}

function permissionCalls(connection: Connection) {
  const listPath = (app: string, environment?: string) =>
    `/manage/1/apps/${segment(app)}${environment === undefined ? '' : `/environments/${segment(environment)}`}/permissions`;
  const path = ({ app, login, environment }: PermissionAddress) => `${listPath(app, environment)}/${segment(login)}`;
  const change = (method: 'PUT' | 'PATCH', whose: PermissionAddress, body: object) =>
    callForJson<WirePermissions>(connection, { method, path: path(whose), body, repeatable: true });
  return {
    /** @param environment its mode, for what holds there; without, all that was given */
    listPermissions: (app: string, environment?: string) =>
      callForJson<WirePermissions>(connection, get(listPath(app, environment))),
    setPermissions: (whose: PermissionAddress, Rights: readonly Right[]) => change('PUT', whose, { Rights }),
    changePermissions: (whose: PermissionAddress, changes: ChangePermissions) => change('PATCH', whose, changes),
    removePermissions: (whose: PermissionAddress) => callForJson<WirePermissions>(connection, remove(path(whose))),
  };
}

function environmentCalls(connection: Connection) {
  const path = (app: string, rest = '') => `/manage/1/apps/${segment(app)}/environments${rest}`;
  const settingsPath = (app: string, mode: string) =>
    `/api/1/apps/${segment(app)}/environments/${segment(mode)}/settings`;
  return {
    listEnvironments: (app: string) => callForJson<WireManagedEnvironment[]>(connection, get(path(app))),
    createEnvironment: (app: string, environment: CreateEnvironment) =>
      callForJson<WireManagedEnvironment>(connection, post(path(app), environment)),
    updateEnvironment: (app: string, mode: string, changes: UpdateEnvironment) =>
      callForJson<WireManagedEnvironment>(connection, {
        method: 'PATCH',
        path: path(app, `/${segment(mode)}`),
        body: changes,
        repeatable: true,
      }),
    deleteEnvironment: (app: string, mode: string, force: boolean) =>
      callForJson<object>(connection, remove(path(app, `/${segment(mode)}${force ? '?force=true' : ''}`))),
    getSettings: (app: string, mode: string) => callForJson<WireSettings>(connection, get(settingsPath(app, mode))),
    /** @returns the settings as they are then */
    setSettings: (app: string, mode: string, settings: SetSettings) =>
      callForJson<WireSettings>(connection, { ...post(settingsPath(app, mode), settings), repeatable: true }),
  };
}

function secretCalls(connection: Connection) {
  const path = (app: string, rest: string) => `/manage/1/apps/${segment(app)}/${rest}`;
  const put = (target: string, body: object): Call => ({ method: 'PUT', path: target, body, repeatable: true });
  return {
    getCredentials: (app: string) => callForJson<WireCredentials>(connection, get(path(app, 'credentials'))),
    setCredentials: (app: string, credentials: SetCredentials) =>
      callForJson<object>(connection, put(path(app, 'credentials'), credentials)),
    removeCredentials: (app: string) => callForJson<object>(connection, remove(path(app, 'credentials'))),
    listSecrets: (app: string) => callForJson<WireSecret[]>(connection, get(path(app, 'secrets'))),
    setSecret: (app: string, name: string, value: string) =>
      callForJson<object>(connection, put(path(app, `secrets/${segment(name)}`), { Value: value })),
    removeSecret: (app: string, name: string) =>
      callForJson<object>(connection, remove(path(app, `secrets/${segment(name)}`))),
  };
}

function pushCalls(connection: Connection) {
  const path = (app: string, rest: string) => `/manage/1/apps/${segment(app)}/${rest}`;
  const rulePath = (app: string, branch: string) => path(app, `push-rules/${segment(branch)}`);
  return {
    getPushSecret: (app: string) => callForJson<WirePushSecret>(connection, get(path(app, 'push-secret'))),
    /** Not repeated: a second one would be another secret. @param secret undefined for one that is made */
    setPushSecret: (app: string, secret: string | undefined) =>
      callForJson<WireNewPushSecret>(connection, {
        method: 'PUT',
        path: path(app, 'push-secret'),
        body: secret === undefined ? {} : { Secret: secret },
        repeatable: secret !== undefined,
      }),
    removePushSecret: (app: string) => callForJson<object>(connection, remove(path(app, 'push-secret'))),
    listPushRules: (app: string) => callForJson<WirePushRule[]>(connection, get(path(app, 'push-rules'))),
    setPushRule: (app: string, branch: string, rule: SetPushRule) =>
      callForJson<WirePushRule>(connection, {
        method: 'PUT',
        path: rulePath(app, branch),
        body: rule,
        repeatable: true,
      }),
    removePushRule: (app: string, branch: string) => callForJson<object>(connection, remove(rulePath(app, branch))),
    /** Newest first. */
    listPushes: (app: string, limit: string) =>
      callForJson<WirePush[]>(connection, { ...get(path(app, 'pushes')), query: { limit } }),
  };
}

function userCalls(connection: Connection) {
  const path = (login?: string, rest = '') =>
    `/manage/1/users${login === undefined ? '' : `/${segment(login)}`}${rest}`;
  return {
    /** Who these credentials belong to. */
    me: () => callForJson<WireUser>(connection, get('/manage/1/me')),
    listUsers: () => callForJson<WireUser[]>(connection, get(path())),
    createUser: (user: CreateUser) => callForJson<WireUser>(connection, post(path(), user)),
    disableUser: (login: string) => callForJson<object>(connection, post(path(login, '/disable'))),
    listKeys: (login: string) => callForJson<WireKey[]>(connection, get(path(login, '/keys'))),
    createKey: (login: string, key: CreateKey) => callForJson<CreatedKey>(connection, post(path(login, '/keys'), key)),
    revokeKey: (login: string, keyId: string) =>
      callForJson<object>(connection, remove(path(login, `/keys/${segment(keyId)}`))),
    /** Who did what, newest first. */
    listAudit: (limit: number) =>
      callForJson<WireAuditEntry[]>(connection, { ...get('/manage/1/audit'), query: { limit } }),
  };
}

/** Which page of a list. */
export interface WirePage {
  readonly limit?: number | undefined;
  /** As another page has given it. */
  readonly cursor?: string | undefined;
}

function webhookCalls(connection: Connection) {
  const path = (app: string, rest = '') => `/api/v1/apps/${segment(app)}/webhooks${rest}`;
  const one = (app: string, webhook: string, rest = '') => path(app, `/${segment(webhook)}${rest}`);
  const message = (id: string, rest = '') => `/messages/${segment(id)}${rest}`;
  return {
    listWebhooks: (app: string, page: WirePage = {}) =>
      callForJson<WireWebhooks>(connection, { ...get(path(app)), query: { ...page } }),
    getWebhook: (app: string, id: string) => callForJson<WireWebhookDetail>(connection, get(one(app, id))),
    createWebhook: (app: string, webhook: UpsertWebhook) =>
      callForJson<WireWebhookDetail>(connection, post(path(app), webhook)),
    /** What is not given stays as it is. */
    updateWebhook: (app: string, id: string, changes: UpsertWebhook) =>
      callForJson<WireWebhookDetail>(connection, {
        method: 'PUT',
        path: one(app, id),
        body: changes,
        repeatable: false,
      }),
    deleteWebhook: async (app: string, id: string): Promise<void> => {
      await makeCall(connection, remove(one(app, id)));
    },
    testWebhook: (app: string, id: string, test: TestWebhook) =>
      callForJson<WireMessage>(connection, post(one(app, id, '/test'), test)),
    /** Newest first. */
    listMessages: (app: string, id: string, page: WirePage & { readonly status?: MessageStatus | undefined } = {}) =>
      callForJson<WireMessages>(connection, { ...get(one(app, id, '/messages')), query: { ...page } }),
    getMessage: (app: string, id: string, messageId: string) =>
      callForJson<WireMessageDetail>(connection, get(one(app, id, message(messageId)))),
    redeliverMessage: (app: string, id: string, messageId: string) =>
      callForJson<WireMessage>(connection, post(one(app, id, message(messageId, '/redeliver')))),
    /** Those that Failed; some may be left for another call. */
    redeliverFailed: (app: string, id: string, which: Redeliver) =>
      callForJson<Redelivered>(connection, post(one(app, id, '/redeliver'), which)),
  };
}

/** A name as one segment of a path. Dots alone would be taken for folders, by every URL parser on the way. */
function segment(name: string): string {
  if (!/^\.{0,2}$/.test(name)) return encodeURIComponent(name);
  throw new ClientError('INVALID_PARAMETERS', `'${name}' is not the name of anything.`);
}

const get = (path: string): Call => ({ method: 'GET', path, repeatable: true });
const post = (path: string, body?: object): Call => ({ method: 'POST', path, body, repeatable: false });
const remove = (path: string): Call => ({ method: 'DELETE', path, repeatable: false });

async function callForJson<T>(connection: Connection, call: Call): Promise<T> {
  return await readJson<T>(await makeCall(connection, call));
}

async function* followEvents(connection: Connection, call: Call): AsyncGenerator<PackageEvent> {
  const response = await makeCall(connection, { ...call, headers: { accept: 'text/event-stream' } });
  for await (const { event, data } of readEvents(bodyOf(response))) {
    if (event === 'status') yield { type: 'status', package: JSON.parse(data) };
    if (event === 'log') yield { type: 'log', line: data };
  }
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  return response.body ?? new ReadableStream({ start: (controller) => controller.close() });
}
