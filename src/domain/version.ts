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
