import type { S3Settings } from '../blob/s3-settings.ts';
import type { PullPolicy } from '../sandbox/container/ensure-image.ts';
import type { SandboxKind } from '../sandbox/open-sandbox.ts';
import type { Downloads, LogLevel, Traces } from './settings.ts';

/** Everything `slipway serve` can be told, parsed and checked. Made by `loadConfiguration`. */
export interface Configuration {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Where it is told how the process is, apart from everything else; undefined for nowhere. A port of 0 is any free one. */
  readonly metricsAddress?: ListenAddress | undefined;
  /** An absolute path. */
  readonly dataFolder: string;
  /** `postgres://…`, of a database that is shared; undefined for the one in the data folder. */
  readonly databaseUrl?: string | undefined;
  /** Undefined means: packages are in the data folder. */
  readonly s3?: S3Settings | undefined;
  /** `store` only with `s3`. */
  readonly downloads: Downloads;
  /** 32 bytes; undefined means: those in the data folder. */
  readonly secretKey?: Buffer | undefined;
  /** What the first start gives the login `admin`; undefined for one that is made then. */
  readonly adminKey?: string | undefined;
  readonly buildSlots: number;
  readonly buildsPerApp: number;
  readonly buildTimeoutMs: number;
  /** How long a call of a target of environments may take. */
  readonly deployTimeoutMs: number;
  /** Absolute paths, below which environments may be deployed. */
  readonly deployFolders: readonly string[];
  readonly repositoryTimeoutMs: number;
  readonly fetchTimeoutMs: number;
  /** An absolute path of a PEM file. */
  readonly repositoryCaFile?: string | undefined;
  /** Without a trailing slash; undefined means: the address the client used. */
  readonly publicUrl: string | undefined;
  /** Absolute paths of PEM files: a certificate, with its chain, and the key that belongs to it. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  readonly linkTtlSeconds: number;
  /** Of one package. */
  readonly uploadLimitBytes: number;
  /** 0 turns the cache off. */
  readonly cacheSizeBytes: number;
  /** With `{version}` in it; undefined where nothing is to be fetched. */
  readonly mxbuildMirror: string | undefined;
  /** Absolute paths of JDKs, or of folders that hold several. */
  readonly javaHomes: readonly string[];
  /** 0 keeps none. */
  readonly warmMxbuilds: number;
  readonly warmMxbuildIdleMs: number;
  readonly sandbox: SandboxKind;
  /** A name or an absolute path; undefined for podman, else docker. */
  readonly sandboxEngine?: string | undefined;
  readonly sandboxImage?: string | undefined;
  readonly sandboxPull: PullPolicy;
  /** Of the container engine; undefined where builds have none. */
  readonly sandboxNetwork?: string | undefined;
  /** Absolute paths. */
  readonly sandboxFolders: readonly string[];
  readonly buildMemoryBytes: number;
  readonly buildDiskBytes: number;
  readonly buildProcesses: number;
  readonly buildCacheBytes: number;
  /** Addresses and networks that webhooks may reach beside the public internet. */
  readonly webhookNetworks: readonly string[];
  readonly traces: Traces;
  readonly shutdownGraceMs: number;
  /** As Fastify takes it: everybody, nobody, or these addresses and networks. */
  readonly trustProxy: boolean | readonly string[];
  readonly logLevel: LogLevel;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}
