import { Refusal } from './refusal.ts';

/** What a client asks for: `major.minor.patch`. */
export interface RequestedVersion {
  /** As it was given, without surrounding blanks. */
  readonly text: string;
}

/** 2^53 has 16 digits; clients put a millisecond clock of 13 digits in the last part. */
const VERSION = /^\d{1,15}\.\d{1,15}\.\d{1,15}$/;

/**
 * Reads a requested version: three dotted integers of up to 15 digits each.
 *
 * @throws Refusal INVALID_VERSION
 */
export function parseVersion(text: string): RequestedVersion {
  const trimmed = text.length > 1000 ? text : text.trim();
  if (trimmed.length > 50 || !VERSION.test(trimmed)) throw new Refusal('INVALID_VERSION');
  return { text: trimmed };
}

/**
 * The version of a package: the requested one and the revision. The suffix is the first 8 hex digits of a commit
 * (documented by the webhook example `0.0.19.62e3d711`), or the integer where the client named the revision by it
 * (documented by the example `2.5.4.63`).
 */
export function packageVersion(
  version: RequestedVersion,
  revision: { id: string; number: number | undefined },
): string {
  return `${version.text}.${revision.number ?? revision.id.slice(0, 8)}`;
}

/** What {@link latestTaggedVersion} is before the first build of a branch. */
export const NO_TAGGED_VERSION = '0.0.0.0';

/**
 * The `LatestTaggedVersion` of a branch: the version of the package that was built for it last, ending in the integer of
 * its revision however the client named that. Old scripts compare this last part with the branch's newest integer, and
 * build when they differ.
 *
 * @param version as {@link packageVersion} made it
 * @param number undefined where the revision has no integer on the branch: then the version stays as it is
 */
export function latestTaggedVersion(version: string, number: number | undefined): string {
  return number === undefined ? version : version.replace(/[^.]*$/, String(number));
}
