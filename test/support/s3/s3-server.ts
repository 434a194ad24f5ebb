import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { buildApp } from 'fauxqs';
import type { S3Address } from '../../../src/blob/s3-address.ts';
import { findSignatureError } from './s3-signature.ts';

/** An S3 store for tests, and a place in it that no other test uses. */
export interface TestS3 {
  readonly endpoint: string;
  readonly address: S3Address;
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
  const prefix = `${randomUUID()}/`;
  const named = process.env.SLIPWAY_TEST_S3;
  if (named !== undefined) {
    const { origin, pathname } = new URL(named);
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = process.env;
    const bucket = pathname.replaceAll('/', '');
    return describe(origin, { bucket, prefix }, { accessKeyId, secretAccessKey });
  }
  const server = await startS3Server();
  test.after(server.stop);
  return describe(server.endpoint, { bucket: BUCKET, prefix }, CREDENTIALS);
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

/** fauxqs, which keeps objects in memory, with what a store for more than trying out has to do besides. */
async function startS3Server(): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const app = buildApp({ logger: false });
  app.addHook('preHandler', checkSignature);
  app.addHook('preHandler', checkContent);
  keepConditions(app);
  listUploads(app);
  app.addHook('onSend', overrideHeaders);
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const client = new S3Client({ endpoint, region: 'us-east-1', credentials: CREDENTIALS, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  client.destroy();
  return { endpoint, stop: () => app.close() };
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
function keepConditions(app: FastifyInstance): void {
  const objects = new Set<string>();
  const isWritten = ({ method, query }: FastifyRequest) =>
    (method === 'PUT' && !hasParameter(query, 'partNumber')) || (method === 'POST' && hasParameter(query, 'uploadId'));
  // Without a turn of the event loop between the look and the write.
  app.addHook('preHandler', (request, reply, done) => {
    const isRefused = isWritten(request) && request.headers['if-none-match'] === '*' && objects.has(pathOf(request));
    if (isRefused) refuse(reply, 412, 'PreconditionFailed');
    else done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (reply.statusCode < 300) {
      if (isWritten(request)) objects.add(pathOf(request));
      if (request.method === 'DELETE' && !hasParameter(request.query, 'uploadId')) objects.delete(pathOf(request));
    }
    done(null, payload);
  });
}

interface Unfinished {
  readonly key: string;
  readonly id: string;
  readonly initiated: string;
}

/** ListMultipartUploads, which fauxqs has not got. */
function listUploads(app: FastifyInstance): void {
  const uploads = new Map<string, Unfinished>();
  app.addHook('onSend', (request, reply, payload, done) => {
    const { method, query } = request;
    if (reply.statusCode < 300 && method === 'POST' && hasParameter(query, 'uploads')) {
      const id = /<UploadId>(.+)<\/UploadId>/.exec(String(payload))?.[1] ?? '';
      const key = decodeURIComponent(pathOf(request).split('/').slice(2).join('/'));
      uploads.set(id, { key, id, initiated: new Date().toISOString() });
    }
    if (reply.statusCode < 300 && (method === 'DELETE' || method === 'POST')) {
      uploads.delete((query as Query).uploadId ?? '');
    }
    done(null, payload);
  });
  app.addHook('preHandler', (request, reply, done) => {
    if (request.method !== 'GET' || !hasParameter(request.query, 'uploads')) return done();
    reply.type('application/xml').send(pageOf([...uploads.values()], request.query as Query));
  });
}

function pageOf(uploads: readonly Unfinished[], query: Query): string {
  const { prefix = '', 'key-marker': key = '', 'upload-id-marker': id = '', 'max-uploads': most = '1000' } = query;
  const rank = (upload: Pick<Unfinished, 'key' | 'id'>) => `${upload.key}\n${upload.id}`;
  const after = uploads
    .filter((upload) => upload.key.startsWith(prefix) && (key === '' || rank(upload) > rank({ key, id })))
    .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  const page = after.slice(0, Number(most));
  const last = page.at(-1);
  const rows = page.map(
    (upload) =>
      `<Upload><Key>${upload.key}</Key><UploadId>${upload.id}</UploadId><Initiated>${upload.initiated}</Initiated></Upload>`,
  );
  const isTruncated = page.length < after.length;
  const next =
    isTruncated && last !== undefined
      ? `<NextKeyMarker>${last.key}</NextKeyMarker><NextUploadIdMarker>${last.id}</NextUploadIdMarker>`
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

function pathOf({ originalUrl }: FastifyRequest): string {
  return originalUrl.split('?')[0] ?? '';
}

function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}
