/*
 * A backup is a tar with the layout of a data folder: unpacked by `tar`, it is one. Beside that it holds, first, what it
 * is, and last, what became of it and the SHA-256 of every member, as `sha256sum -c` reads them. The format is a promise:
 * see docs/decisions/0042-backups.md.
 */

/** Grows when an older `slipway restore` would misread what a newer `slipway backup` writes. */
export const BACKUP_FORMAT = 1;

/** Members of every backup, in their order but for those between {@link ABOUT} and {@link DATABASE}. */
export const ABOUT = 'backup.json';
export const DATABASE = 'slipway.db';
export const CONTENTS = 'contents.json';
export const SUMS = 'SHA256SUMS';
/** In a backup without the packages: their SHA-256 and where they are kept, as `sha256sum -c` reads them. */
export const PACKAGE_LIST = 'packages.sha256';
/** The configuration file, whatever its name was. */
export const CONFIGURATION = 'slipway.config.yaml';
/** Files of a data folder that hold keys; which of them are there is the folder's business. */
export const KEY_FILES = ['secret.key', 'secret.key.next', 'link.key', 'admin.key'] as const;

/** What a backup says of itself before anything else. */
export interface AboutBackup {
  readonly Format: number;
  /** The version of Slipway that made it. */
  readonly Slipway: string;
  /** ISO 8601: the moment that its database shows, to the second or so. */
  readonly CreatedAt: string;
  /** Whether the packages are in it, or their list alone. */
  readonly Packages: 'all' | 'list';
  /** Names of the migrations that its database has seen. */
  readonly Migrations: readonly string[];
}

/** What it says after everything else. */
export interface BackupContents {
  /** How many have a file, and what these have together. */
  readonly Packages: number;
  readonly PackageBytes: number;
  readonly Logs: number;
  /** How many packages were deleted while it was made: they are not in it. */
  readonly DeletedMeanwhile: number;
  /** Packages whose file was missing or damaged: they are not in its database. */
  readonly Lost: readonly LostPackage[];
  /** Ids of the keys that something in it is encrypted with and that are not in it. */
  readonly KeysNeeded: readonly string[];
}

export interface LostPackage {
  readonly PackageId: string;
  readonly Name: string;
  readonly Verdict: 'missing' | 'wrong size' | 'wrong SHA-256' | 'unreadable';
  /** Environments that held it or ran it. */
  readonly Environments: readonly string[];
}

/** Where the file of a package is, in a backup and in a data folder. */
export function packageMember(key: string): string {
  return `packages/${key.slice(0, 2)}/${key}`;
}

export function logMember(packageId: string): string {
  return `logs/${packageId.slice(0, 2)}/${packageId}.log`;
}

export type Place =
  | { readonly kind: 'package'; readonly key: string }
  | { readonly kind: 'log'; readonly packageId: string }
  | { readonly kind: 'file'; readonly name: string }
  /** Says something of the backup, and is no part of a data folder. */
  | { readonly kind: 'about' };

const FILES: readonly string[] = [...KEY_FILES, CONFIGURATION, DATABASE];
const ABOUT_FILES: readonly string[] = [ABOUT, CONTENTS, SUMS, PACKAGE_LIST];

/** What a member is by its name. @returns undefined for what no backup holds */
export function placeOf(name: string): Place | undefined {
  if (FILES.includes(name)) return { kind: 'file', name };
  if (ABOUT_FILES.includes(name)) return { kind: 'about' };
  const [, folder, shard, file = ''] =
    /^(packages|logs)\/([a-z0-9][a-z0-9.-])\/([a-z0-9][a-z0-9.-]{1,85})$/.exec(name) ?? [];
  if (!file.startsWith(shard ?? '/')) return undefined;
  if (folder === 'packages') return { kind: 'package', key: file };
  return file.endsWith('.log') ? { kind: 'log', packageId: file.slice(0, -'.log'.length) } : undefined;
}
