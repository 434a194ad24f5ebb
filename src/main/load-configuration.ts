import type { S3Settings } from '../blob/s3-settings.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { hideCredentials } from '../domain/credentials-in-text.ts';
import { checkS3 } from './check-s3.ts';
import { checkCertificates, checkTls } from './check-tls.ts';
import type { Configuration } from './configuration.ts';
import { type ConfigurationFile, readConfigurationFile } from './configuration-file.ts';
import { getSetting, SETTING_NAMES, SETTINGS, type Setting, type SettingName } from './settings.ts';

/** Everything that was wrong with the configuration, reported together. */
export class ConfigurationError extends CommandFailure {
  /** Each names the value given, where it came from, and what is accepted. */
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    const title = mistakes.length === 1 ? '' : `The configuration has ${mistakes.length} mistakes:\n`;
    super('usage', 'CONFIGURATION', title + mistakes.join('\n'));
    this.mistakes = mistakes;
  }
}

export interface ConfigurationSources {
  /** What the command line said, by the name of the setting. */
  readonly flags: Readonly<Partial<Record<SettingName, string>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What `--config` said. */
  readonly configFile: string | undefined;
  /** The current folder: what relative paths are relative to. */
  readonly folder: string;
}

/**
 * Finds the value of every setting: flag, then environment, then configuration file, then default.
 *
 * @throws ConfigurationError with every mistake there is
 */
export async function loadConfiguration(sources: ConfigurationSources): Promise<Configuration> {
  const file = await readConfigurationFile(givenConfigurationFile(sources), sources.folder);
  const mistakes = [...file.mistakes];
  for (const name of SETTING_NAMES) {
    const given = findGiven(name, sources, file);
    if (given !== undefined && getSetting(name).parse(given.text, given.folder) === undefined) {
      mistakes.push(describeMistake(name, given));
    }
  }
  const value = <T>(name: SettingName, setting: Setting<T>): T | undefined => {
    const given = findGiven(name, sources, file) ?? { text: setting.fallback, folder: sources.folder };
    return given.text === undefined ? undefined : setting.parse(given.text, given.folder);
  };
  const configuration = assemble(value);
  const certFile = value('tlsCert', SETTINGS.tlsCert);
  mistakes.push(...(await checkTls({ certFile, keyFile: value('tlsKey', SETTINGS.tlsKey) })));
  mistakes.push(...(await checkCertificates('repositoryCa', value('repositoryCa', SETTINGS.repositoryCa))));
  mistakes.push(...checkS3(configuration, value('s3KmsKey', SETTINGS.s3KmsKey)));
  if (mistakes.length > 0 || configuration === undefined) throw new ConfigurationError(mistakes);
  return configuration;
}

/** The configuration file that was asked for, by flag or by environment. */
export function givenConfigurationFile({
  configFile,
  environment,
}: Pick<ConfigurationSources, 'configFile' | 'environment'>): string | undefined {
  return configFile ?? (environment.SLIPWAY_CONFIG || undefined);
}

interface Given {
  readonly text: string;
  /** Where it came from, for people. */
  readonly where: string;
  readonly folder: string;
}

function findGiven(name: SettingName, sources: ConfigurationSources, file: ConfigurationFile): Given | undefined {
  const { flag, variables } = getSetting(name);
  const { folder, environment } = sources;
  const flagText = sources.flags[name];
  if (flagText !== undefined) return { text: flagText, where: flag?.split(' ')[0] ?? name, folder };
  const variable = variables.find((candidate) => (environment[candidate] ?? '') !== '');
  if (variable !== undefined) return { text: environment[variable] ?? '', where: variable, folder };
  const fromFile = file.values.get(name);
  return fromFile === undefined ? undefined : { ...fromFile, folder: file.folder };
}

function describeMistake(name: SettingName, given: Given): string {
  const { accepts: words, isSecret } = getSetting(name);
  const accepts = words.replaceAll('`', "'");
  if (isSecret === true) return `${name} (from ${given.where}) is not valid; accepted is ${accepts}.`;
  const shown = hideCredentials(given.text);
  const value = shown.length > 80 ? `${shown.slice(0, 77)}…` : shown;
  return `${name} is '${value}' (from ${given.where}); accepted is ${accepts}.`;
}

type Value = <T>(name: SettingName, setting: Setting<T>) => T | undefined;

/** @returns undefined where a value that must be there is not accepted */
function assemble(value: Value): Configuration | undefined {
  const certFile = value('tlsCert', SETTINGS.tlsCert);
  const keyFile = value('tlsKey', SETTINGS.tlsKey);
  const linkTtlMs = value('linkTtl', SETTINGS.linkTtl);
  const configuration = {
    host: value('host', SETTINGS.host),
    port: value('port', SETTINGS.port),
    dataFolder: value('data', SETTINGS.data),
    downloads: value('downloads', SETTINGS.downloads),
    buildSlots: value('buildSlots', SETTINGS.buildSlots),
    buildsPerApp: value('buildsPerApp', SETTINGS.buildsPerApp),
    buildTimeoutMs: value('buildTimeout', SETTINGS.buildTimeout),
    deployTimeoutMs: value('deployTimeout', SETTINGS.deployTimeout),
    deployFolders: value('deployFolders', SETTINGS.deployFolders),
    repositoryTimeoutMs: value('repositoryTimeout', SETTINGS.repositoryTimeout),
    fetchTimeoutMs: value('fetchTimeout', SETTINGS.fetchTimeout),
    linkTtlSeconds: linkTtlMs === undefined ? undefined : Math.ceil(linkTtlMs / 1000),
    uploadLimitBytes: value('uploadLimit', SETTINGS.uploadLimit),
    cacheSizeBytes: value('cacheSize', SETTINGS.cacheSize),
    javaHomes: value('javaHomes', SETTINGS.javaHomes),
    warmMxbuilds: value('warmMxbuilds', SETTINGS.warmMxbuilds),
    warmMxbuildIdleMs: value('warmMxbuildIdle', SETTINGS.warmMxbuildIdle),
    sandbox: value('sandbox', SETTINGS.sandbox),
    sandboxPull: value('sandboxPull', SETTINGS.sandboxPull),
    sandboxFolders: value('sandboxFolders', SETTINGS.sandboxFolders),
    buildMemoryBytes: value('buildMemory', SETTINGS.buildMemory),
    buildDiskBytes: value('buildDisk', SETTINGS.buildDisk),
    buildProcesses: value('buildProcesses', SETTINGS.buildProcesses),
    buildCacheBytes: value('buildCacheSize', SETTINGS.buildCacheSize),
    webhookNetworks: value('webhookNetworks', SETTINGS.webhookNetworks),
    traces: value('traces', SETTINGS.traces),
    shutdownGraceMs: value('shutdownGrace', SETTINGS.shutdownGrace),
    trustProxy: value('trustProxy', SETTINGS.trustProxy),
    logLevel: value('logLevel', SETTINGS.logLevel),
  };
  if (!isComplete(configuration)) return undefined;
  const tls = certFile !== undefined && keyFile !== undefined ? { tls: { certFile, keyFile } } : {};
  const publicUrl = value('publicUrl', SETTINGS.publicUrl);
  const metricsHost = value('metricsHost', SETTINGS.metricsHost);
  const metricsPort = value('metricsPort', SETTINGS.metricsPort);
  const hasMetrics = metricsHost !== undefined && metricsPort !== undefined;
  const mirror = value('mxbuildMirror', SETTINGS.mxbuildMirror);
  const mxbuildMirror = mirror === 'none' ? undefined : mirror;
  return {
    ...configuration,
    metricsAddress: hasMetrics ? { host: metricsHost, port: metricsPort } : undefined,
    publicUrl,
    adminKey: value('adminKey', SETTINGS.adminKey),
    databaseUrl: value('database', SETTINGS.database),
    s3: assembleS3(value),
    secretKey: value('secretKey', SETTINGS.secretKey),
    mxbuildMirror,
    repositoryCaFile: value('repositoryCa', SETTINGS.repositoryCa),
    sandboxEngine: value('sandboxEngine', SETTINGS.sandboxEngine),
    sandboxImage: value('sandboxImage', SETTINGS.sandboxImage),
    sandboxNetwork: value('sandboxNetwork', SETTINGS.sandboxNetwork),
    ...tls,
  };
}

function assembleS3(value: Value): S3Settings | undefined {
  const address = value('blobs', SETTINGS.blobs);
  const algorithm = value('s3Encryption', SETTINGS.s3Encryption);
  const keyId = value('s3KmsKey', SETTINGS.s3KmsKey);
  if (address === undefined) return undefined;
  return {
    address,
    pathStyle: value('s3PathStyle', SETTINGS.s3PathStyle) === true,
    encryption: algorithm === undefined ? undefined : { algorithm, ...(keyId !== undefined && { keyId }) },
  };
}

type Complete<T> = { readonly [Name in keyof T]: Exclude<T[Name], undefined> };

function isComplete<T extends object>(values: T): values is T & Complete<T> {
  return Object.values(values).every((value) => value !== undefined);
}
