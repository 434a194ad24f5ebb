import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import { parseS3Address } from '../blob/s3-address.ts';
import { parseDuration, parseSize, parseWholeNumber } from '../cli/quantities.ts';
import { PULL_POLICIES } from '../sandbox/container/ensure-image.ts';
import { isImageName } from '../sandbox/container/image-name.ts';
import { isNetworkName } from '../sandbox/container/network-name.ts';
import { SANDBOX_KINDS } from '../sandbox/open-sandbox.ts';
import { parseSecretKey } from '../secrets/secret-key.ts';

/**
 * The one table of what can be configured. The command line, the environment, the configuration file, the mistakes
 * that are reported and `docs/configuration.md` are all derived from it.
 */
export const SETTINGS = {
  host: {
    flag: '--host <address>',
    variables: ['SLIPWAY_HOST'],
    summary: 'Address to listen on. `0.0.0.0` or `::` listens on every network of this machine.',
    accepts: 'an IP address or a host name',
    fallback: '127.0.0.1',
    parse: parseHost,
  },
  port: {
    flag: '--port <number>',
    variables: ['SLIPWAY_PORT', 'PORT'],
    summary: 'Port to listen on. 0 takes any free one.',
    accepts: 'a whole number from 0 to 65535',
    fallback: '4400',
    parse: (text) => parseWholeNumber(text, 0, 65_535),
  },
  metricsPort: {
    flag: '--metrics-port <number>',
    variables: ['SLIPWAY_METRICS_PORT'],
    summary:
      'Port of its own for `/metrics`, `/healthz` and `/readyz`, which is how to look at a worker. A server answers these at its other port, too. 0 takes any free one.',
    accepts: 'a whole number from 0 to 65535',
    fallback: undefined,
    fallbackInWords: 'none: a worker listens nowhere',
    parse: (text) => parseWholeNumber(text, 0, 65_535),
  },
  metricsHost: {
    flag: '--metrics-host <address>',
    variables: ['SLIPWAY_METRICS_HOST'],
    summary:
      'Address that the port for metrics is listened on. Whoever reaches it needs no key: let it be the network of what reads metrics alone.',
    accepts: 'an IP address or a host name',
    fallback: '127.0.0.1',
    parse: parseHost,
  },
  data: {
    flag: '--data <folder>',
    variables: ['SLIPWAY_DATA'],
    summary: 'Folder that holds everything Slipway keeps: the database, packages, mirrors, logs. Made when missing.',
    accepts: 'the path of a folder',
    fallback: 'data',
    parse: parsePath,
  },
  database: {
    flag: '--database <url>',
    variables: ['SLIPWAY_DATABASE'],
    summary:
      "PostgreSQL database that servers and workers share. Without it, the SQLite file in the data folder, which is one server's alone. A password is better given in the environment: lists of processes show flags.",
    accepts: 'a URL such as `postgres://user:password@host:5432/slipway`',
    fallback: undefined,
    fallbackInWords: '`slipway.db` in the data folder',
    isSecret: true,
    parse: parseDatabaseUrl,
  },
  blobs: {
    flag: '--blobs <address>',
    variables: ['SLIPWAY_BLOBS'],
    summary:
      'Where packages are kept: in a bucket of an S3 store instead of the data folder. Where the store is, and who asks, say the variables of the AWS SDK: `AWS_ENDPOINT_URL_S3`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and so on; `docs/s3.md` says more.',
    accepts: '`s3://bucket` or `s3://bucket/prefix`',
    fallback: undefined,
    fallbackInWords: 'the folder `packages` of the data folder',
    parse: parseS3Address,
  },
  s3PathStyle: {
    flag: '--s3-path-style <boolean>',
    variables: ['SLIPWAY_S3_PATH_STYLE'],
    summary:
      'Whether the bucket stands in the path of addresses (`https://store/bucket/…`) instead of the host name, as MinIO, Ceph and Garage mostly want it.',
    accepts: '`true` or `false`',
    fallback: 'false',
    parse: parseBoolean,
  },
  s3Encryption: {
    flag: '--s3-encryption <algorithm>',
    variables: ['SLIPWAY_S3_ENCRYPTION'],
    summary: 'How the store encrypts packages. Without it, as the bucket says.',
    accepts: '`AES256` or `aws:kms`',
    fallback: undefined,
    fallbackInWords: 'as the bucket says',
    parse: (text) => S3_ENCRYPTIONS.find((algorithm) => algorithm.toLowerCase() === text.toLowerCase()),
  },
  s3KmsKey: {
    flag: '--s3-kms-key <id>',
    variables: ['SLIPWAY_S3_KMS_KEY'],
    summary: 'Key that `aws:kms` encrypts with.',
    accepts: 'the id, the alias or the ARN of a key',
    fallback: undefined,
    fallbackInWords: 'the one of the account',
    parse: (text) => (/^[\w:/-]{1,2048}$/.test(text) ? text : undefined),
  },
  downloads: {
    flag: '--downloads <from>',
    variables: ['SLIPWAY_DOWNLOADS'],
    summary:
      'Where links to packages (`Url.Location`) lead: to this server, which passes packages on, or to the S3 store itself, which clients must reach then.',
    accepts: '`server` or `store`',
    fallback: 'server',
    parse: (text) => DOWNLOADS.find((from) => from === text.toLowerCase()),
  },
  secretKey: {
    flag: undefined,
    variables: ['SLIPWAY_SECRET_KEY'],
    summary:
      'Key that the credentials and secrets of apps are encrypted with. Without it, the one in `secret.key` in the data folder, which is made on the first start.',
    accepts: '32 bytes as 64 hex digits or as base64',
    fallback: undefined,
    fallbackInWords: 'what `secret.key` in the data folder holds',
    isSecret: true,
    parse: parseSecretKey,
  },
  adminKey: {
    flag: undefined,
    variables: ['SLIPWAY_ADMIN_KEY'],
    summary:
      'API key that the first start on an empty database gives the login `admin`. Without it one is made, and kept in `admin.key` in the data folder.',
    accepts: '20 to 200 characters without blanks, such as `uuidgen` makes',
    fallback: undefined,
    fallbackInWords: 'a key that is made',
    isSecret: true,
    parse: (text) => (/^[\x21-\x7e]{20,200}$/.test(text) ? text : undefined),
  },
  publicUrl: {
    flag: '--public-url <url>',
    variables: ['SLIPWAY_PUBLIC_URL'],
    summary:
      'Address under which others reach the server, for links in answers and in orders of targets. Without it, answers have the address that the client used, and targets that send links do not deploy.',
    accepts: 'an http or https URL without query and fragment',
    fallback: undefined,
    parse: parsePublicUrl,
  },
  tlsCert: {
    flag: '--tls-cert <file>',
    variables: ['SLIPWAY_TLS_CERT'],
    summary: 'Certificate (PEM, with its chain). With a certificate and its key, Slipway serves TLS itself.',
    accepts: 'the path of a file',
    fallback: undefined,
    parse: parsePath,
  },
  tlsKey: {
    flag: '--tls-key <file>',
    variables: ['SLIPWAY_TLS_KEY'],
    summary: 'Private key of the certificate (PEM).',
    accepts: 'the path of a file',
    fallback: undefined,
    parse: parsePath,
  },
  trustProxy: {
    flag: '--trust-proxy <who>',
    variables: ['SLIPWAY_TRUST_PROXY'],
    summary: 'Whose `X-Forwarded-*` headers are believed: `true` for everybody, or the proxies themselves.',
    accepts: '`true`, `false`, or addresses and networks separated by commas, such as `10.0.0.0/8,::1`',
    fallback: 'false',
    parse: parseTrustProxy,
  },
  buildSlots: {
    flag: '--build-slots <number>',
    variables: ['SLIPWAY_BUILD_SLOTS'],
    summary: 'How many builds run at once.',
    accepts: 'a whole number from 0 to 256; 0 is for servers whose builds are left to workers',
    fallback: String(availableParallelism()),
    fallbackInWords: 'the number of cores',
    parse: (text) => parseWholeNumber(text, 0, 256),
  },
  buildsPerApp: {
    flag: '--builds-per-app <number>',
    variables: ['SLIPWAY_BUILDS_PER_APP'],
    summary: 'How many builds of one app run at once.',
    accepts: 'a whole number from 1 to 256',
    fallback: '256',
    fallbackInWords: '256: as many as there are build slots',
    parse: (text) => parseWholeNumber(text, 1, 256),
  },
  buildTimeout: {
    flag: '--build-timeout <duration>',
    variables: ['SLIPWAY_BUILD_TIMEOUT'],
    summary: 'How long one build may take, from its start.',
    accepts: 'a duration from 1s to 7d, such as `90s`, `15m` or `2h`; a bare number is seconds',
    fallback: '30m',
    parse: (text) => between(parseDuration(text), 1000, 7 * DAY_MS),
  },
  deployTimeout: {
    flag: '--deploy-timeout <duration>',
    variables: ['SLIPWAY_DEPLOY_TIMEOUT'],
    summary: 'How long it may take to bring a package to an environment, and to start or stop one.',
    accepts: 'a duration from 1s to 1d, such as `90s` or `15m`; a bare number is seconds',
    fallback: '15m',
    parse: (text) => between(parseDuration(text), 1000, DAY_MS),
  },
  deployFolders: {
    flag: '--deploy-folders <folders>',
    variables: ['SLIPWAY_DEPLOY_FOLDERS'],
    summary:
      'Folders of this machine that environments with the target `directory` may be deployed below. They run commands there as the user that Slipway runs as: with one, the key of an admin is as good as a shell of that user.',
    accepts: 'absolute paths separated by commas, such as `/srv/apps`',
    fallback: '',
    fallbackInWords: 'none: there are no such environments',
    parse: parseFolders,
  },
  repositoryTimeout: {
    flag: '--repository-timeout <duration>',
    variables: ['SLIPWAY_REPOSITORY_TIMEOUT'],
    summary:
      'How long a repository may take to say which branches it has. One that is silent for longer is unreachable.',
    accepts: 'a duration from 1s to 10m, such as `10s`; a bare number is seconds',
    fallback: '10s',
    parse: (text) => between(parseDuration(text), 1000, 600_000),
  },
  fetchTimeout: {
    flag: '--fetch-timeout <duration>',
    variables: ['SLIPWAY_FETCH_TIMEOUT'],
    summary: 'How long it may take to fetch from a repository or to push tags to it. The first fetch brings all of it.',
    accepts: 'a duration from 1s to 1d, such as `10m` or `1h`; a bare number is seconds',
    fallback: '10m',
    parse: (text) => between(parseDuration(text), 1000, DAY_MS),
  },
  repositoryCa: {
    flag: '--repository-ca <file>',
    variables: ['SLIPWAY_REPOSITORY_CA'],
    summary:
      'Certificates (PEM) of authorities that vouch for https servers of repositories, besides those that the machine trusts.',
    accepts: 'the path of a file',
    fallback: undefined,
    parse: parsePath,
  },
  linkTtl: {
    flag: '--link-ttl <duration>',
    variables: ['SLIPWAY_LINK_TTL'],
    summary: 'How long a download link is valid.',
    accepts: 'a duration from 1s to 30d, such as `900s` or `1h`; a bare number is seconds',
    fallback: '900s',
    parse: (text) => between(parseDuration(text), 1000, 30 * DAY_MS),
  },
  uploadLimit: {
    flag: '--upload-limit <size>',
    variables: ['SLIPWAY_UPLOAD_LIMIT'],
    summary: 'Size of the largest package that may be uploaded.',
    accepts: 'a size such as `500MiB` or `1GiB`; a bare number is bytes',
    fallback: '1GiB',
    parse: parseSize,
  },
  cacheSize: {
    flag: '--cache-size <size>',
    variables: ['SLIPWAY_CACHE_SIZE'],
    summary: 'Upper bound of the cache of compressed files on disk. 0 turns it off.',
    accepts: 'a size such as `500MiB` or `2GiB`; a bare number is bytes',
    fallback: '2GiB',
    parse: parseSize,
  },
  mxbuildMirror: {
    flag: '--mxbuild-mirror <address>',
    variables: ['SLIPWAY_MXBUILD_MIRROR'],
    summary: 'Where an MxBuild is fetched from that is not in `<data>/toolchains`; `none` fetches nothing.',
    accepts: 'a URL or the path of an archive, with `{version}` in it, or `none`',
    fallback: 'https://cdn.mendix.com/runtime/mxbuild-{version}.tar.gz',
    parse: parseMirror,
  },
  javaHomes: {
    flag: '--java-homes <folders>',
    variables: ['SLIPWAY_JAVA_HOMES'],
    summary: 'The JDKs that MxBuild may use: their folders, or folders that hold several.',
    accepts: 'absolute paths separated by commas',
    fallback: '/usr/lib/jvm',
    parse: parseFolders,
  },
  warmMxbuilds: {
    flag: '--warm-mxbuilds <number>',
    variables: ['SLIPWAY_WARM_MXBUILDS'],
    summary:
      'How many MxBuilds are kept running for the next build of their app and branch, each with the memory of a build (`buildMemory`). 0 keeps none.',
    accepts: 'a whole number from 0 to 256',
    fallback: '2',
    parse: (text) => parseWholeNumber(text, 0, 256),
  },
  warmMxbuildIdle: {
    flag: '--warm-mxbuild-idle <duration>',
    variables: ['SLIPWAY_WARM_MXBUILD_IDLE'],
    summary: 'How long an MxBuild is kept running that no build needs.',
    accepts: 'a duration from 1s to 1d, such as `10m`; a bare number is seconds',
    fallback: '10m',
    parse: (text) => between(parseDuration(text), 1000, DAY_MS),
  },
  sandbox: {
    flag: '--sandbox <kind>',
    variables: ['SLIPWAY_SANDBOX'],
    summary:
      'Where commands of `slipway.yml` run; `auto` is `bubblewrap`. With `none` they may read and write what Slipway may.',
    accepts: '`auto`, `bubblewrap`, `container` or `none`',
    fallback: 'auto',
    parse: (text) => SANDBOX_KINDS.find((kind) => kind === text.toLowerCase()),
  },
  sandboxEngine: {
    flag: '--sandbox-engine <program>',
    variables: ['SLIPWAY_SANDBOX_ENGINE'],
    summary: 'Program that runs the containers of the sandbox `container`. Without it podman, else docker.',
    accepts: '`podman`, `docker` or the absolute path of either',
    fallback: undefined,
    parse: (text) => (text === 'podman' || text === 'docker' || isAbsolute(text) ? text : undefined),
  },
  sandboxImage: {
    flag: '--sandbox-image <name>',
    variables: ['SLIPWAY_SANDBOX_IMAGE'],
    summary: 'Image that commands of a build run in where `slipway.yml` names none, in the sandbox `container`.',
    accepts: 'the name of an image, such as `node:24` or `registry.example.com/build/node:24`',
    fallback: undefined,
    parse: (text) => (isImageName(text) ? text : undefined),
  },
  sandboxPull: {
    flag: '--sandbox-pull <when>',
    variables: ['SLIPWAY_SANDBOX_PULL'],
    summary: 'When images are fetched for builds. With `never`, builds have those that are on the server.',
    accepts: '`missing` or `never`',
    fallback: 'missing',
    parse: (text) => PULL_POLICIES.find((policy) => policy === text.toLowerCase()),
  },
  sandboxNetwork: {
    flag: '--sandbox-network <name>',
    variables: ['SLIPWAY_SANDBOX_NETWORK'],
    summary:
      'Network of the container engine for builds that say `network: true`. Whoever names one has filtered it: `docs/any-other-app.md` says how. Without it such builds are refused in the sandbox `container`.',
    accepts: 'the name of a network that was made for this',
    fallback: undefined,
    parse: (text) => (isNetworkName(text) ? text : undefined),
  },
  sandboxFolders: {
    flag: '--sandbox-folders <folders>',
    variables: ['SLIPWAY_SANDBOX_FOLDERS'],
    summary:
      'Folders outside of `/usr` that commands of a build may read, such as toolchains; their `bin` is on `PATH`.',
    accepts: 'absolute paths separated by commas, such as `/opt/node-24,/opt/jdk-21`',
    fallback: '',
    fallbackInWords: 'none',
    parse: parseFolders,
  },
  buildMemory: {
    flag: '--build-memory <size>',
    variables: ['SLIPWAY_BUILD_MEMORY'],
    summary: 'Memory for the commands of one build: of all together with control groups, else of each process.',
    accepts: 'a size such as `2GiB`; a bare number is bytes',
    fallback: '4GiB',
    parse: parseSize,
  },
  buildDisk: {
    flag: '--build-disk <size>',
    variables: ['SLIPWAY_BUILD_DISK'],
    summary: 'What the commands of one build may leave on the disk, and how much a package of theirs may hold.',
    accepts: 'a size such as `10GiB`; a bare number is bytes',
    fallback: '10GiB',
    parse: parseSize,
  },
  buildProcesses: {
    flag: '--build-processes <number>',
    variables: ['SLIPWAY_BUILD_PROCESSES'],
    summary: 'How many processes and threads the commands of one build may have at once.',
    accepts: 'a whole number from 16 to 65536',
    fallback: '1024',
    parse: (text) => parseWholeNumber(text, 16, 65_536),
  },
  buildCacheSize: {
    flag: '--build-cache-size <size>',
    variables: ['SLIPWAY_BUILD_CACHE_SIZE'],
    summary: 'Upper bound of the folders that builds keep for the next one (`cache` in `slipway.yml`). 0 keeps none.',
    accepts: 'a size such as `500MiB` or `2GiB`; a bare number is bytes',
    fallback: '5GiB',
    parse: parseSize,
  },
  webhookNetworks: {
    flag: '--webhook-networks <networks>',
    variables: ['SLIPWAY_WEBHOOK_NETWORKS'],
    summary:
      'Where webhooks of apps may go beside the public internet. Whoever may set webhooks can have the server send requests there.',
    accepts: 'addresses and networks separated by commas, such as `10.0.0.0/8,127.0.0.1`',
    fallback: '',
    fallbackInWords: 'none',
    parse: parseNetworks,
  },
  traces: {
    flag: '--traces <how>',
    variables: ['SLIPWAY_TRACES'],
    summary:
      'Whether each build is told to a collector of OpenTelemetry as a trace, from its call to its end. Where the collector is, and what it gets, say the variables of OpenTelemetry: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER` and so on; `docs/running.md` says more.',
    accepts: '`off`, or `otlp` for OTLP over HTTP',
    fallback: 'off',
    parse: (text) => TRACES.find((how) => how === text.toLowerCase()),
  },
  shutdownGrace: {
    flag: '--shutdown-grace <duration>',
    variables: ['SLIPWAY_SHUTDOWN_GRACE'],
    summary: 'How long running builds may go on after SIGTERM before they are given back to the queue.',
    accepts: 'a duration from 0s to 1h, such as `30s`; a bare number is seconds',
    fallback: '30s',
    parse: (text) => between(parseDuration(text), 0, DAY_MS / 24),
  },
  logLevel: {
    flag: '--log-level <level>',
    variables: ['SLIPWAY_LOG_LEVEL'],
    summary: 'Least important kind of message that the log (JSON lines on standard error) holds.',
    accepts: '`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`',
    fallback: 'info',
    parse: (text) => LOG_LEVELS.find((level) => level === text.toLowerCase()),
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export interface Setting<T> {
  /** As commander reads it; undefined for what lists of processes must not show. */
  readonly flag: `--${string} <${string}>` | undefined;
  /** Environment variables, the first one that is set counts. */
  readonly variables: readonly string[];
  /** One or two sentences for `--help` and the documentation. */
  readonly summary: string;
  /** Continues the sentence "what is accepted is …". */
  readonly accepts: string;
  /** Read like every other value; undefined where there is none. */
  readonly fallback: string | undefined;
  /** For the documentation, where the value depends on the machine or says too little. */
  readonly fallbackInWords?: string;
  /** Whether the value must not be shown, not even a wrong one. */
  readonly isSecret?: true;
  /** @param folder what a relative path is relative to @returns undefined for what is not accepted */
  parse(text: string, folder: string): T | undefined;
}

export type SettingName = keyof typeof SETTINGS;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const TRACES = ['off', 'otlp'] as const;
/** Whether builds are traced. */
export type Traces = (typeof TRACES)[number];

const S3_ENCRYPTIONS = ['AES256', 'aws:kms'] as const;
const DOWNLOADS = ['server', 'store'] as const;
/** Where links to packages lead. */
export type Downloads = (typeof DOWNLOADS)[number];

/** The names of all settings, which are their keys in the configuration file too. */
export const SETTING_NAMES: readonly SettingName[] = Object.keys(SETTINGS).filter(isSettingName);

export function isSettingName(text: string): text is SettingName {
  return Object.hasOwn(SETTINGS, text);
}

/** A setting, seen without the type of its value. */
export function getSetting(name: SettingName): Setting<unknown> {
  return SETTINGS[name];
}

const DAY_MS = 86_400_000;
const HOST_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i;

function parseHost(text: string): string | undefined {
  return isIP(text) !== 0 || HOST_NAME.test(text) ? text : undefined;
}

function parsePath(text: string, folder: string): string | undefined {
  return text.includes('\0') ? undefined : resolve(folder, text);
}

function parseDatabaseUrl(text: string): string | undefined {
  const url = URL.parse(text);
  return url !== null && /^postgres(ql)?:$/.test(url.protocol) && url.pathname.length > 1 ? text : undefined;
}

function parseMirror(text: string, folder: string): string | undefined {
  if (text.toLowerCase() === 'none') return 'none';
  if (!text.includes('{version}') || text.includes('\0')) return undefined;
  return /^https?:\/\//i.test(text) ? text : resolve(folder, text);
}

function parseFolders(text: string): readonly string[] | undefined {
  const folders = text.split(',').map((part) => part.trim());
  const given = folders.filter((folder) => folder !== '');
  return given.every((folder) => isAbsolute(folder) && !/[\0:]/.test(folder)) ? given : undefined;
}

function between(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

function parsePublicUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') return undefined;
  return url.href.replace(/\/+$/, '');
}

function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === 'true' || lower === 'false' ? lower === 'true' : undefined;
}

function parseTrustProxy(text: string): boolean | readonly string[] | undefined {
  const everybody = parseBoolean(text);
  if (everybody !== undefined) return everybody;
  const entries = text.split(',').map((entry) => entry.trim());
  return entries.every(isAddressOrNetwork) ? entries : undefined;
}

function parseNetworks(text: string): readonly string[] | undefined {
  const entries = text.split(',').map((entry) => entry.trim());
  const given = entries.filter((entry) => entry !== '');
  return given.every(isAddressOrNetwork) ? given : undefined;
}

function isAddressOrNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  return (
    isIP(address) !== 0 &&
    rest.length === 0 &&
    (prefix === undefined || parseWholeNumber(prefix, 0, bits) !== undefined)
  );
}
