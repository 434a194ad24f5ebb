import type { LostPackage } from '../backup/backup-format.ts';

/** A note on the keys that a backup needs and has not got. */
export function describeKeysNeeded(keyIds: readonly string[]): readonly string[] {
  if (keyIds.length === 0) return [];
  return [
    '',
    `Not in the backup: the key ${keyIds.join(', ')}, with which credentials and secrets in it are encrypted.`,
    'It is in SLIPWAY_SECRET_KEY of the server: keep it elsewhere, for without it they cannot be used again.',
  ];
}

/** A note on each package that is missing or damaged. */
export function describeLost(lost: readonly LostPackage[]): readonly string[] {
  if (lost.length === 0) return [];
  return ['', 'Packages without a sound file, which are left out:', ...lost.map(describe)];
}

function describe({ PackageId, Name, Verdict, Environments }: LostPackage): string {
  const held = Environments.length === 0 ? '' : `; taken out of ${Environments.join(', ')}`;
  return `  ${Name} (${PackageId}): ${Verdict}${held}`;
}
