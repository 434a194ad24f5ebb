import { readBodyFields } from './body-fields.ts';
import { type PackageId, type ProjectId, parsePackageId, parseProjectId } from './identifiers.ts';
import { quote, Refusal } from './refusal.ts';

/**
 * Reads the body of Transport.
 *
 * @throws Refusal INVALID_PARAMETERS without a PackageId, PACKAGE_NOT_FOUND for what cannot be one
 */
export function parseTransport(body: unknown): PackageId {
  const { PackageId: given } = readBodyFields(body, ['PackageId'], 'a JSON object with PackageId');
  const text = given === undefined ? '' : String(given).trim();
  if (text === '') {
    throw new Refusal('INVALID_PARAMETERS', 'Not enough parameters given. Please set the PackageId parameter.');
  }
  const id = parsePackageId(text);
  if (id === undefined) throw new Refusal('PACKAGE_NOT_FOUND', `The app has no package ${quote(given)}.`);
  return id;
}

/**
 * Reads the body of Create Free App Environment.
 *
 * @returns undefined for what cannot be a ProjectId: it is answered like one of no app
 * @throws Refusal INVALID_PARAMETERS for a body without fields
 */
export function parseCreateFreeApp(body: unknown): ProjectId | undefined {
  const { ProjectId: given } = readBodyFields(body, ['ProjectId'], 'a JSON object with ProjectId');
  return parseProjectId(String(given ?? '').trim());
}

/** Reads the body of Start Environment. @returns AutoSyncDb; false where it is absent @throws Refusal INVALID_PARAMETERS */
export function parseStartEnvironment(body: unknown): boolean {
  const { AutoSyncDb: given } = readBodyFields(body, ['AutoSyncDb'], 'a JSON object with AutoSyncDb');
  const text = String(given ?? '').trim();
  if (/^true$/i.test(text)) return true;
  if (/^(?:false)?$/i.test(text)) return false;
  throw new Refusal('INVALID_PARAMETERS', `AutoSyncDb is ${quote(given)}: give true or false.`);
}
