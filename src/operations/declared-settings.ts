import { BlobError, type BlobStore } from '../blob/blob-store.ts';
import type { Database, Queries } from '../database/database.ts';
import { findDeclared, insertDeclared } from '../database/package-settings.ts';
import { findAnyPackage } from '../database/packages.ts';
import type { PackageRow } from '../database/schema.ts';
import { type DeclaredSettings, NOTHING_DECLARED } from '../domain/environment-settings.ts';
import type { PackageId } from '../domain/identifiers.ts';
import type { PackageMetadata } from '../packaging/mendix-metadata.ts';
import { PackageUnreadable } from '../packaging/package-unreadable.ts';
import { openPackageZip } from '../packaging/package-zip.ts';

export interface DeclaredSettingsDeps {
  readonly database: Database;
  readonly blobs: Pick<BlobStore, 'read'>;
}

/** Real ones have some kilobytes. It is read whenever the settings are. */
const MOST_LENGTH = 1024 * 1024;

/**
 * What a package can be set up with. Its file is looked into the first time, and what it declares is remembered. One
 * that is no package of a Mendix app, cannot be read, or declares more than anybody writes declares nothing.
 *
 * @param id null for no package
 */
export async function readDeclaredSettings(
  { database, blobs }: DeclaredSettingsDeps,
  id: PackageId | null,
): Promise<DeclaredSettings> {
  if (id === null) return NOTHING_DECLARED;
  const known = await findDeclared(database.read, id);
  if (known !== undefined) return JSON.parse(known);
  const row = await findAnyPackage(database.read, id);
  const declared = row === undefined ? undefined : await lookInto(blobs, row);
  if (declared === undefined) return NOTHING_DECLARED;
  const text = JSON.stringify(declared);
  const kept = text.length > MOST_LENGTH ? JSON.stringify(NOTHING_DECLARED) : text;
  await database.transaction(async (queries) => {
    // It may have been deleted meanwhile.
    if ((await findAnyPackage(queries, id)) !== undefined) await insertDeclared(queries, id, kept);
  }, 'relaxed');
  return JSON.parse(kept);
}

/** The same for a transaction, which reads no files: where nobody looked into the package it declares nothing. */
export async function findDeclaredSettings(queries: Queries, id: PackageId | null): Promise<DeclaredSettings> {
  const known = id === null ? undefined : await findDeclared(queries, id);
  return known === undefined ? NOTHING_DECLARED : JSON.parse(known);
}

/** @returns undefined where its file is not there: that is no reason to remember anything */
async function lookInto(
  blobs: DeclaredSettingsDeps['blobs'],
  { blob_key, size_bytes }: PackageRow,
): Promise<DeclaredSettings | undefined> {
  if (blob_key === null) return undefined;
  try {
    return declaredBy(await openPackageZip(blobs, blob_key, size_bytes).readMetadata());
  } catch (error) {
    if (error instanceof PackageUnreadable) return NOTHING_DECLARED;
    if (error instanceof BlobError && error.kind === 'missing') return undefined;
    throw error;
  }
}

function declaredBy(metadata: PackageMetadata | undefined): DeclaredSettings {
  const constants = metadata?.constants ?? [];
  const names = (metadata?.scheduledEvents ?? []).map(({ name }) => name);
  return {
    constants: distinct(constants).map(({ name, type = 'String', defaultValue }) => ({ name, type, defaultValue })),
    scheduledEvents: [...new Set(names)],
  };
}

function distinct<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [item.name, item])).values()];
}
