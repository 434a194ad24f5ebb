import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { makeCertificate } from '../certificates.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { findMistake, prune } from './mendix-app-definition.ts';
import { type StoredApp, StoredApps } from './stored-apps.ts';

export interface StandInApi {
  readonly server: string;
  /** The authority that vouches for it: PEM, and the file. */
  readonly ca: string;
  readonly caFile: string;
  /** A token that may do everything that {@link addToken} can allow. */
  readonly token: string;
  readonly apps: StoredApps;
  readonly requests: readonly ApiRequestSeen[];
  /** @param rights by namespace */
  addToken(rights: Readonly<Record<string, readonly Verb[]>>): string;
  revoke(token: string): void;
  /** What the next requests meet, one after the other: a status, or an end of the connection. */
  meet(...next: readonly (number | 'drop')[]): void;
  /** Fields that its definition does not know, though the documentation has them. */
  readonly unknownFields: string[];
  /** Whether the kind is installed. */
  isInstalled: boolean;
  /** Asked before each patch is looked at. */
  beforePatch: (() => void) | undefined;
}

export type Verb = 'get' | 'patch';

export interface ApiRequestSeen {
  readonly method: string;
  readonly namespace: string;
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into patches of every shape
  readonly patch: any;
  readonly status: number;
}

interface Reply {
  readonly status: number;
  readonly body: object | string;
}

const PATH =
  /^(?:\/clusters\/c-1)?\/apis\/privatecloud\.mendix\.com\/v1alpha1\/namespaces\/([^/]+)\/mendixapps\/([^/]+)$/;

/**
 * A server of its own that answers as the Kubernetes API does for one kind of custom resource: GET, and PATCH with JSON
 * merge patches, dry runs, versions, rights and Status objects, as https://kubernetes.io/docs/reference/using-api/api-concepts/
 * and https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ have it.
 */
export async function startStandInApi(t: { after(work: () => unknown): void }): Promise<StandInApi> {
  const { certFile, keyFile } = await makeCertificate(await temporaryFolder(t), 'kubernetes');
  const [cert, key] = [await readFile(certFile, 'utf8'), await readFile(keyFile, 'utf8')];
  const tokens = new Map<string, Readonly<Record<string, readonly Verb[]>>>();
  const requests: ApiRequestSeen[] = [];
  const waiting: (number | 'drop')[] = [];
  const api = {
    apps: new StoredApps(),
    unknownFields: [] as string[],
    isInstalled: true,
    beforePatch: undefined as StandInApi['beforePatch'],
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '', 'https://stand-in');
    const body = await text(request);
    const next = waiting.shift();
    if (next === 'drop') return void request.socket.destroy();
    const [, namespace = '', name = ''] = PATH.exec(url.pathname) ?? [];
    const query = Object.fromEntries(url.searchParams);
    const call = { method: request.method ?? '', namespace, name, query, body, headers: request.headers };
    const reply =
      next === undefined ? decide(api, tokens, call) : refuse(next, 'ServiceUnavailable', 'try again later');
    requests.push({ ...call, patch: body === '' ? undefined : JSON.parse(body), status: reply.status });
    const isText = typeof reply.body === 'string';
    response.writeHead(reply.status, { 'Content-Type': isText ? 'text/plain' : 'application/json' });
    response.end(isText ? reply.body : JSON.stringify(reply.body));
  };
  const server = createServer({ cert, key }, (request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const addToken: StandInApi['addToken'] = (rights) => {
    const token = `stand-in.${tokens.size + 1}.not-a-secret`;
    tokens.set(token, rights);
    return token;
  };
  const { port } = server.address() as AddressInfo;
  return Object.assign(api, {
    server: `https://127.0.0.1:${port}`,
    ca: cert,
    caFile: certFile,
    token: addToken({ '*': ['get', 'patch'] }),
    requests,
    addToken,
    revoke: (token: string) => void tokens.delete(token),
    meet: (...next: readonly (number | 'drop')[]) => void waiting.push(...next),
  });
}

interface Call {
  readonly method: string;
  readonly namespace: string;
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

type Cluster = Pick<StandInApi, 'apps' | 'unknownFields' | 'isInstalled' | 'beforePatch'>;

function decide(
  cluster: Cluster,
  tokens: ReadonlyMap<string, Readonly<Record<string, readonly Verb[]>>>,
  { method, namespace, name, query, body, headers }: Call,
): Reply {
  const rights = tokens.get(headers.authorization?.replace(/^Bearer /, '') ?? '');
  if (rights === undefined) return refuse(401, 'Unauthorized', 'Unauthorized');
  if (!cluster.isInstalled || name === '') return { status: 404, body: '404 page not found\n' };
  const verb = method.toLowerCase() as Verb;
  if (!(rights[namespace] ?? rights['*'] ?? []).includes(verb)) {
    return refuse(403, 'Forbidden', `mendixapps "${name}" is forbidden: cannot ${verb} resource "mendixapps"`, name);
  }
  const app = cluster.apps.find(namespace, name);
  if (app === undefined) return refuse(404, 'NotFound', `mendixapps "${name}" not found`, name);
  if (method === 'GET') return { status: 200, body: app };
  // Custom resources take no strategic merge patch.
  if (headers['content-type'] !== 'application/merge-patch+json') {
    return refuse(415, 'UnsupportedMediaType', `the body of the request was in an unknown format`, name);
  }
  cluster.beforePatch?.();
  return patchApp(cluster, cluster.apps.find(namespace, name) ?? app, JSON.parse(body), query.dryRun === 'All');
}

// biome-ignore lint/suspicious/noExplicitAny: a patch may be anything, and its fields are looked at
function patchApp({ apps, unknownFields }: Cluster, app: StoredApp, patch: any, isDryRun: boolean): Reply {
  const { name, resourceVersion } = app.metadata;
  const expected = patch.metadata?.resourceVersion;
  if (expected !== undefined && expected !== resourceVersion) {
    const advice = 'the object has been modified; please apply your changes to the latest version and try again';
    return refuse(409, 'Conflict', `Operation cannot be fulfilled on mendixapps "${name}": ${advice}`, name);
  }
  const spec = merge(app.spec, patch.spec);
  const mistake = findMistake(spec);
  if (mistake !== undefined) return refuse(422, 'Invalid', `MendixApp "${name}" is invalid: ${mistake}`, name);
  const annotations = merge(app.metadata.annotations, patch.metadata?.annotations);
  // The status is for its own subresource: what a patch says of it is dropped.
  const change = { spec: prune(spec, unknownFields), annotations };
  return { status: 200, body: isDryRun ? apps.preview(app, change) : apps.change(app, change) };
}

/** RFC 7396. */
// biome-ignore lint/suspicious/noExplicitAny: as above
function merge(target: any, patch: any): any {
  if (patch === undefined) return target;
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else merged[field] = merge(merged[field], value);
  }
  return merged;
}

function refuse(code: number, reason: string, message: string, name?: string): Reply {
  const details = name === undefined ? {} : { details: { name, group: 'privatecloud.mendix.com', kind: 'mendixapps' } };
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' };
  return { status: code, body: { ...status, message, reason, ...details, code } };
}
