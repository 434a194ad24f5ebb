import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { buildApp } from 'fauxqs';
import type { S3Address } from '../../../src/blob/s3-address.ts';
import { findSignatureError } from './s3-signature.ts';

/** An S3 store for tests, and a place in it that no other test uses. */
export interface TestS3 {
  readonly endpoint: string;
  readonly address: S3Address;
  /** Whether the bucket is named in the path. */
  readonly pathStyle: boolean;
  readonly connection: { readonly endpoint: string; readonly region: string; readonly credentials: Credentials };
  /** The same for a process: what the SDK and Slipway read. */
  readonly variables: Readonly<Record<string, string>>;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

type Context = { after(work: () => unknown): void };

const BUCKET = 'slipway-tests';
const CREDENTIALS: Credentials = { accessKeyId: 'slipway', secretAccessKey: 'kept-by-the-tests' };

/**
 * The store that `SLIPWAY_TEST_S3` names, as the address of a bucket such as `http://127.0.0.1:9000/slipway`, with region and
 * credentials in the SDK's variables; else one that is started for this test and forgets everything with it.
 */
export async function openTestS3(test: Context): Promise<TestS3> {
  const named = process.env.SLIPWAY_TEST_S3;
  if (named !== undefined) {
    const prefix = `${randomUUID()}/`;
    const { origin, pathname } = new URL(named);
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = process.env;
    const bucket = pathname.replaceAll('/', '');
    return describe(origin, { bucket, prefix }, { accessKeyId, secretAccessKey });
  }
  return await openOwnS3(test);
}

/**
 * The same, started for this test whatever is named.
 *
 * @param folder where it finds what one before it has kept, and keeps everything
 */
export async function openOwnS3(test: Context, folder?: string): Promise<TestS3> {
  const server = await startS3Server(folder);
  test.after(server.stop);
  return describe(server.endpoint, { bucket: BUCKET, prefix: `${randomUUID()}/` }, CREDENTIALS);
}

/** The same store by another address, such as that of a proxy. */
export function atEndpoint(s3: TestS3, endpoint: string): TestS3 {
  return describe(endpoint, s3.address, s3.connection.credentials);
}

function describe(endpoint: string, address: S3Address, credentials: Credentials): TestS3 {
  const region = process.env.AWS_REGION ?? 'us-east-1';
  return {
    endpoint,
    address,
    pathStyle: true,
    connection: { endpoint, region, credentials },
    variables: {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      SLIPWAY_BLOBS: `s3://${address.bucket}/${address.prefix}`,
      SLIPWAY_S3_PATH_STYLE: 'true',
    },
  };
}

/** What fauxqs holds, as far as it is needed here. */
interface Store {
  readonly buckets: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly multipartUploads: ReadonlyMap<string, Unfinished>;
  persistence: unknown;
  createBucket(name: string): void;
}

/**
 * fauxqs, with what a store for more than trying out has to do besides. It forgets everything with its process, unless it
 * keeps it in a folder.
 */
async function startS3Server(folder?: string): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const stores = {
    sqsStore: new (await inFauxqs('sqs/sqsStore')).SqsStore(),
    snsStore: new (await inFauxqs('sns/snsStore')).SnsStore(),
    s3Store: new (await inFauxqs('s3/s3Store')).S3Store(),
  };
  const store: Store = stores.s3Store;
  if (folder !== undefined) {
    const kept = new (await inFauxqs('persistence')).PersistenceManager(folder);
    kept.load(stores.sqsStore, stores.snsStore, store);
    store.persistence = kept;
  }
  store.createBucket(BUCKET);
  const app = buildApp({ logger: false, stores });
  app.addHook('preHandler', checkSignature);
  app.addHook('preHandler', checkContent);
  keepConditions(app, store);
  listUploads(app, store);
  app.addHook('onSend', overrideHeaders);
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  return { endpoint, stop: () => app.close() };
}

/** What fauxqs is made of: its own server that keeps something takes no hooks. */
async function inFauxqs(module: string) {
  return await import(new URL(`${module}.js`, import.meta.resolve('fauxqs')).href);
}

type Done = (error?: Error) => void;
type Query = Readonly<Record<string, string | undefined>>;

function checkSignature(request: FastifyRequest, reply: FastifyReply, done: Done): void {
  // What has no body is parsed to undefined, which fauxqs does not expect.
  request.body ??= Buffer.alloc(0);
  const { method, originalUrl: url, headers } = request;
  const secrets = { [CREDENTIALS.accessKeyId]: CREDENTIALS.secretAccessKey };
  const code = findSignatureError({ method, url, headers, body: bodyOf(request) }, secrets, Date.now());
  if (code === undefined) done();
  else refuse(reply, code === 'XAmzContentSHA256Mismatch' ? 400 : 403, code);
}

/** fauxqs keeps checksums as they were sent. */
function checkContent(request: FastifyRequest, reply: FastifyReply, done: Done): void {
  const given = request.headers['x-amz-checksum-crc32'];
  const computed = Buffer.alloc(4);
  computed.writeUInt32BE(crc32(bodyOf(request)));
  if (request.method !== 'PUT' || given === undefined || given === computed.toString('base64')) done();
  else refuse(reply, 400, 'BadDigest');
}

/** `If-None-Match: *`, which fauxqs takes no notice of when it writes. */
function keepConditions(app: FastifyInstance, { buckets }: Store): void {
  const isWritten = ({ method, query }: FastifyRequest) =>
    (method === 'PUT' && !hasParameter(query, 'partNumber')) || (method === 'POST' && hasParameter(query, 'uploadId'));
  // Without a turn of the event loop between the look and the write.
  app.addHook('preHandler', (request, reply, done) => {
    // Not as it came: fauxqs has put a bucket that is named in the host into the path.
    const [, bucket = '', ...key] = decodeURIComponent(request.url.split('?')[0] ?? '').split('/');
    const isThere = buckets.get(bucket)?.has(key.join('/'));
    if (isThere && request.headers['if-none-match'] === '*' && isWritten(request)) {
      refuse(reply, 412, 'PreconditionFailed');
    } else done();
  });
}

interface Unfinished {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: Date;
}

/** ListMultipartUploads, which fauxqs has not got. */
function listUploads(app: FastifyInstance, { multipartUploads }: Store): void {
  app.addHook('preHandler', (request, reply, done) => {
    if (request.method !== 'GET' || !hasParameter(request.query, 'uploads')) return done();
    reply.type('application/xml').send(pageOf([...multipartUploads.values()], request.query as Query));
  });
}

function pageOf(uploads: readonly Unfinished[], query: Query): string {
  const { prefix = '', 'key-marker': key = '', 'upload-id-marker': id = '', 'max-uploads': most = '1000' } = query;
  const rank = (upload: Pick<Unfinished, 'key' | 'uploadId'>) => `${upload.key}\n${upload.uploadId}`;
  const after = uploads
    .filter((upload) => upload.key.startsWith(prefix) && (key === '' || rank(upload) > rank({ key, uploadId: id })))
    .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  const page = after.slice(0, Number(most));
  const last = page.at(-1);
  const rows = page.map(
    ({ key: own, uploadId, initiated }) =>
      `<Upload><Key>${own}</Key><UploadId>${uploadId}</UploadId><Initiated>${initiated.toISOString()}</Initiated></Upload>`,
  );
  const isTruncated = page.length < after.length;
  const next =
    isTruncated && last !== undefined
      ? `<NextKeyMarker>${last.key}</NextKeyMarker><NextUploadIdMarker>${last.uploadId}</NextUploadIdMarker>`
      : '';
  return `<?xml version="1.0" encoding="UTF-8"?><ListMultipartUploadsResult><IsTruncated>${isTruncated}</IsTruncated>${next}${rows.join('')}</ListMultipartUploadsResult>`;
}

const OVERRIDES = ['content-disposition', 'content-type', 'cache-control'] as const;

/** The headers that a presigned link asks for. */
function overrideHeaders(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  for (const name of OVERRIDES) {
    const wanted = (request.query as Query)[`response-${name}`];
    if (wanted !== undefined && reply.statusCode < 300) reply.header(name, wanted);
  }
  done(null, payload);
}

function refuse(reply: FastifyReply, status: number, code: string): void {
  const text = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  reply
    .code(status)
    .type('application/xml')
    .send(reply.request.method === 'HEAD' ? '' : text);
}

function hasParameter(query: unknown, name: string): boolean {
  return typeof query === 'object' && query !== null && name in query;
}

function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}
