import { randomUUID } from 'node:crypto';
import type { TargetPackage } from '../../src/deployment/deployment-target.ts';
import type { PackageId } from '../../src/domain/identifiers.ts';

/** What a target is told of a package; with no file behind it, unless `fields` names one. */
export function targetPackage(fields: Partial<TargetPackage> = {}): TargetPackage {
  const id = randomUUID() as string as PackageId;
  return {
    id,
    name: 'main-1.0.0.1.mda',
    version: '1.0.0.1',
    sizeBytes: 0,
    sha256: '0'.repeat(64),
    blobKey: `${id}.1`,
    link: (ttlSeconds) => `http://127.0.0.1:1/download/${id}?ttl=${ttlSeconds}`,
    ...fields,
  };
}
