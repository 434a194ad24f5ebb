import { readBodyFields } from './body-fields.ts';
import { type BranchRequest, parseBranch } from './branch-name.ts';
import { quote, Refusal } from './refusal.ts';
import { parseVersion, type RequestedVersion } from './version.ts';

/** What Start Build was asked for, once its body has been read. */
export interface StartBuildRequest {
  readonly branch: BranchRequest;
  /** The branch as it was given, without surrounding blanks; empty when it was absent. For messages. */
  readonly branchText: string;
  /** Hex digits, which include decimal ones: whether it is a hash or an integer is for the repository to say. */
  readonly revision: string;
  readonly version: RequestedVersion;
  /** Empty when absent. */
  readonly description: string;
}

const FIELDS = ['Branch', 'Revision', 'Version', 'Description'] as const;
type Field = (typeof FIELDS)[number];

const DESCRIPTION_MAX_LENGTH = 10_000;
const BRANCH_MAX_LENGTH = 1000;
/** SHA-256 object names of Git have 64 hex digits. */
const REVISION = /^[0-9a-f]{1,64}$/i;
const MISSING = 'Not enough parameters given. Please set Revision and Version parameters.';

/**
 * Reads the body of Start Build as leniently as its clients are written: fields in any case where the documented
 * spelling is absent, Revision as a string or a number, null for absent.
 *
 * @throws Refusal INVALID_PARAMETERS, INVALID_VERSION
 */
export function parseStartBuild(body: unknown): StartBuildRequest {
  const fields = readBodyFields(body, FIELDS, 'a JSON object with Revision and Version');
  const revision = parseRevision(fields);
  const version = parseVersion(requireText(fields, 'Version'));
  const branchText = parseText(fields, 'Branch', BRANCH_MAX_LENGTH).trim();
  const description = parseText(fields, 'Description', DESCRIPTION_MAX_LENGTH);
  return { branch: parseBranch(branchText), branchText, revision, version, description };
}

type Fields = Readonly<Partial<Record<Field, unknown>>>;

function parseRevision(fields: Fields): string {
  const value = fields.Revision;
  if (typeof value !== 'number') return checkRevision(requireText(fields, 'Revision'));
  if (!Number.isSafeInteger(value) || value < 0) throw invalidRevision(value);
  return String(value);
}

function checkRevision(text: string): string {
  if (!REVISION.test(text)) throw invalidRevision(text);
  return text.toLowerCase();
}

function invalidRevision(value: unknown): Refusal {
  const expected = 'give a full or short commit hash, or the integer of a revision';
  return new Refusal('INVALID_PARAMETERS', `Revision is ${quote(value)}: ${expected}.`);
}

function requireText(fields: Fields, field: Field): string {
  const value = fields[field];
  const text = typeof value === 'string' ? value.trim() : value;
  if (text === undefined || text === '') {
    throw new Refusal('INVALID_PARAMETERS', `${MISSING} ${field} is missing.`);
  }
  if (typeof text !== 'string') throw notText(field, value);
  return text;
}

function parseText(fields: Fields, field: Field, maxLength: number): string {
  const value = fields[field] ?? '';
  if (typeof value !== 'string') throw notText(field, value);
  if (value.length > maxLength) {
    const sizes = `${value.length} characters long; at most ${maxLength} are accepted`;
    throw new Refusal('INVALID_PARAMETERS', `${field} is ${sizes}.`);
  }
  return value;
}

function notText(field: Field, value: unknown): Refusal {
  return new Refusal('INVALID_PARAMETERS', `${field} is ${quote(value)}: give a string.`);
}
