import { isAbsolute, resolve } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { quote, Refusal } from '../../domain/refusal.ts';
import { DeploymentFailure, type TargetOptions } from '../deployment-target.ts';
import { parseOptions } from '../parse-options.ts';
import { isBelow } from './is-below.ts';

// No process takes a NUL character.
const Command = Type.Optional(Type.String({ maxLength: 10_000, pattern: '^[^\\0]*$' }));

const DirectoryOptionsSchema = Type.Object({
  folder: Type.String({ minLength: 1, maxLength: 1000 }),
  start: Command,
  stop: Command,
  clean: Command,
  keep: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});

/** Where an app is unpacked to, how it is started, stopped and cleaned there, and how many releases are kept. */
export type DirectoryOptions = Readonly<Static<typeof DirectoryOptionsSchema>>;

export const RELEASES_KEPT = 5;

/**
 * Reads what an admin says of an environment. A command that is empty is none.
 *
 * @param allowed the folders that environments may be deployed below
 * @throws Refusal INVALID_PARAMETERS
 */
export function parseDirectoryOptions(
  given: TargetOptions,
  former: TargetOptions | undefined,
  allowed: readonly string[],
): DirectoryOptions {
  const {
    folder: path,
    start,
    stop,
    clean,
    keep = RELEASES_KEPT,
  } = parseOptions(DirectoryOptionsSchema, given, former);
  const folder = parseFolder(path, allowed);
  if (former !== undefined && former.folder !== folder) {
    const advice = 'delete the environment and create it anew.';
    throw new Refusal('INVALID_PARAMETERS', `The folder of an environment stays ${quote(former.folder)}: ${advice}`);
  }
  return { folder, keep, ...(start && { start }), ...(stop && { stop }), ...(clean && { clean }) };
}

function parseFolder(path: string, allowed: readonly string[]): string {
  const fail = (what: string) => new Refusal('INVALID_PARAMETERS', what);
  if (allowed.length === 0) {
    const what = 'the folders that environments may be deployed below, and start the server again';
    throw fail(`The target 'directory' is switched off: set SLIPWAY_DEPLOY_FOLDERS to ${what}.`);
  }
  if (!isAbsolute(path) || path.includes('\0'))
    throw fail(`The option folder is ${quote(path)}: give an absolute path.`);
  const folder = resolve(path);
  if (allowed.some((root) => isBelow(folder, root))) return folder;
  const roots = allowed.map((root) => quote(root)).join(', ');
  throw fail(`The option folder is ${quote(path)}: it has to lie below one of SLIPWAY_DEPLOY_FOLDERS, ${roots}.`);
}

/** What was parsed before, and stored. @throws DeploymentFailure where another version stored something else */
export function readDirectoryOptions(options: TargetOptions): DirectoryOptions {
  if (Check(DirectoryOptionsSchema, options)) return options;
  throw new DeploymentFailure("the options of its target are incomplete: set them with 'slipway environment update'.");
}
