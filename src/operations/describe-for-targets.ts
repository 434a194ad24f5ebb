import { findAnyApp } from '../database/apps.ts';
import type { Database } from '../database/database.ts';
import { findEnvironmentSettings } from '../database/environment-settings.ts';
import { findAnyPackage } from '../database/packages.ts';
import type { EnvironmentRow } from '../database/schema.ts';
import type { DescribeForTargets } from '../deployment/bound-target.ts';
import { DeploymentFailure, type TargetPackage, type TargetSettings } from '../deployment/deployment-target.ts';
import { onlySet } from '../domain/environment-settings.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { type SecretBox, SecretUnreadable } from '../secrets/secret-box.ts';
import { openSettings } from './environment-settings.ts';
import { openTargetOptions } from './target-options.ts';

export interface DescribeForTargetsDeps {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly links: LinkToPackage;
}

/**
 * Makes a link to the file of a package.
 *
 * @param ttlSeconds how long it is good
 * @returns undefined where the server was not told the address that others reach it under
 */
export type LinkToPackage = (
  target: { readonly packageId: PackageId; readonly fileName: string },
  ttlSeconds: number,
) => string | undefined;

/** What the database knows of environments and packages, as targets are told of it. */
export function describeForTargets(deps: DescribeForTargetsDeps): DescribeForTargets {
  const { database, secretBox } = deps;
  return {
    async environment(row) {
      // Also of one that was deleted: its environments are to be removed.
      const app = await findAnyApp(database.read, row.app_id);
      if (app === undefined) throw new DeploymentFailure('its app was deleted.', { code: 'APP_NOT_FOUND' });
      const options = openTargetOptions(secretBox, row);
      return { id: row.id, appKey: app.id, appId: app.app_id, mode: row.mode, options };
    },
    package: (id) => describePackage(deps, id),
    settings: (row) => describeSettings(deps, row),
  };
}

/** What was decided when the start began. */
async function describeSettings(
  { database, secretBox }: DescribeForTargetsDeps,
  row: EnvironmentRow,
): Promise<TargetSettings> {
  const settings = await findEnvironmentSettings(database.read, row.id);
  try {
    return onlySet(openSettings(secretBox, row, 'starting', settings));
  } catch (cause) {
    if (!(cause instanceof SecretUnreadable)) throw cause;
    throw new DeploymentFailure('the settings that it began with cannot be decrypted: start it again.', { cause });
  }
}

async function describePackage({ database, links }: DescribeForTargetsDeps, id: PackageId): Promise<TargetPackage> {
  const row = await findAnyPackage(database.read, id);
  if (row === undefined || row.blob_key === null || row.sha256 === null) {
    throw new DeploymentFailure(`the package '${id}' has no file any more.`, { code: 'NO_PACKAGE' });
  }
  return {
    id,
    name: row.name,
    version: row.version,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    blobKey: row.blob_key,
    link(ttlSeconds) {
      const link = links({ packageId: id, fileName: row.name }, ttlSeconds);
      if (link !== undefined) return link;
      throw new DeploymentFailure('SLIPWAY_PUBLIC_URL is not set: others cannot be told where to fetch the package.');
    },
  };
}
