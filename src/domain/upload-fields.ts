import { quote, Refusal } from './refusal.ts';

/** What comes with the bytes of an upload, as it was written; undefined where it was not given. */
export interface UploadFields {
  readonly name: string | undefined;
  readonly description: string | undefined;
}

/** The documented name of a package that was given none. */
const DEFAULT_NAME = 'default.mda';
/** File systems take names of 255 bytes, and something may be added to them. */
const LONGEST_NAME_BYTES = 200;
const LONGEST_DESCRIPTION = 10_000;
const LONGEST_VERSION = 100;
/** Of a package that says none of itself. */
export const NO_VERSION = '0.0.0.0';

/**
 * The file name of an uploaded package: of a path its last part, with what a file name cannot hold replaced by `-`.
 *
 * @throws Refusal INVALID_PARAMETERS when it is too long
 */
export function parseUploadName(text: string | undefined): string {
  const last = (text ?? '').split(/[/\\]/).at(-1) ?? '';
  const name = last
    .normalize('NFC')
    .replace(/[\p{C}:*?"<>|]+/gu, '-')
    .trim();
  if (/^\.*$/.test(name)) return DEFAULT_NAME;
  if (Buffer.byteLength(name) <= LONGEST_NAME_BYTES) return name;
  throw new Refusal(
    'INVALID_PARAMETERS',
    `The name ${quote(name)} is too long: give one of at most ${LONGEST_NAME_BYTES} bytes.`,
  );
}

/** @throws Refusal INVALID_PARAMETERS when it is too long */
export function parseUploadDescription(text: string | undefined): string {
  const description = (text ?? '').trim();
  if (description.length <= LONGEST_DESCRIPTION) return description;
  throw new Refusal('INVALID_PARAMETERS', `The description is longer than ${LONGEST_DESCRIPTION} characters.`);
}

/** The version of an uploaded package: as it says of itself, where that fits on a line. */
export function uploadVersion(modelVersion: string | undefined): string {
  const version = (modelVersion ?? '').trim();
  return version === '' || version.length > LONGEST_VERSION || /\p{C}/u.test(version) ? NO_VERSION : version;
}
