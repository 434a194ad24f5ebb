import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { print } from '../cli/output.ts';
import { SecretUnreadable } from '../secrets/secret-box.ts';
import { parseSecretKey } from '../secrets/secret-key.ts';
import type { Configuration } from './configuration.ts';
import type { RotatedSecrets } from './rotate-stored-secrets.ts';
import { addServeOptions, readServeOptions, type ServeOptions } from './serve-options.ts';

interface RotateOptions extends ServeOptions {
  readonly newKeyFile?: string;
  readonly dropUnreadable?: boolean;
}

/** `slipway secrets rotate`: a new key for everything that is encrypted in a data folder. */
export function addSecretsCommand(program: Command, cli: Cli): void {
  const secrets = program
    .command('secrets')
    .description('the key that credentials and secrets of apps are encrypted with');
  const rotate = secrets
    .command('rotate')
    .description('encrypt credentials and secrets with a new key, while no server and no worker runs');
  addServeOptions(rotate)
    .option('--new-key-file <file>', 'the new key, - for standard input; needed where SLIPWAY_SECRET_KEY is set')
    .option('--drop-unreadable', 'remove what cannot be decrypted, where the key is lost for good')
    .action((options: RotateOptions) => rotateSecrets(cli, options));
}

async function rotateSecrets(cli: Cli, options: RotateOptions): Promise<void> {
  const { newKeyFile, dropUnreadable = false, ...serveOptions } = options;
  const configuration = await readServeOptions(cli, serveOptions);
  const newKey = newKeyFile === undefined ? undefined : await readNewKey(cli, newKeyFile);
  if (configuration.secretKey !== undefined && newKey === undefined) {
    const message = 'SLIPWAY_SECRET_KEY is set, so the new key is yours to keep: give it with --new-key-file.';
    throw new CommandFailure('usage', 'NEW_KEY_MISSING', message);
  }
  const rotated = await rotateOrExplain(configuration, { newKey, dropUnreadable, clock: cli.now });
  print(cli, options, rotated, () => describe(configuration, rotated));
}

async function readNewKey(cli: Cli, file: string): Promise<Buffer> {
  const given = file === '-' ? await text(cli.stdin) : await readFile(resolve(cli.folder, file), 'utf8');
  const key = parseSecretKey(given);
  if (key !== undefined) return key;
  const where = file === '-' ? 'Standard input' : file;
  const message = `${where} does not hold a key: give 32 bytes as 64 hex digits or as base64, such as 'openssl rand -hex 32' makes.`;
  throw new CommandFailure('usage', 'NEW_KEY_INVALID', message);
}

/** What opens a database is loaded only now: other commands start sooner. */
async function rotateOrExplain(
  configuration: Configuration,
  rotation: { readonly newKey: Buffer | undefined; readonly dropUnreadable: boolean; readonly clock: () => number },
): Promise<RotatedSecrets> {
  const { rotateStoredSecrets } = await import('./rotate-stored-secrets.ts');
  try {
    return await rotateStoredSecrets(configuration, rotation);
  } catch (error) {
    if (error instanceof SecretUnreadable) {
      const message = `${error.message} Or remove what cannot be decrypted, with --drop-unreadable.`;
      throw new CommandFailure('checkFailed', 'SECRET_UNREADABLE', message, { cause: error });
    }
    const { explainStart } = await import('./explain-start.ts');
    throw explainStart(error, configuration);
  }
}

function describe(configuration: Configuration, { KeyId, Encrypted, Removed }: RotatedSecrets): string {
  const removed = Removed === 0 ? '' : ` Removed ${Removed} that could not be decrypted: set them again.`;
  const next =
    configuration.secretKey === undefined
      ? `It is in ${join(configuration.dataFolder, 'secret.key')}.`
      : 'Start every server and worker with the new key in SLIPWAY_SECRET_KEY from now on.';
  return `Encrypted ${Encrypted} credentials and secrets with the new key ${KeyId}.${removed} ${next}`;
}
