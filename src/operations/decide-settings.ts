import type { Queries } from '../database/database.ts';
import { endJob, type JobEnd } from '../database/deployment-jobs.ts';
import { findEnvironmentSettings, putEnvironmentSettings } from '../database/environment-settings.ts';
import type { DeploymentJobRow, EnvironmentRow } from '../database/schema.ts';
import { type DeclaredConstant, settingsOfStart } from '../domain/environment-settings.ts';
import { quote } from '../domain/refusal.ts';
import { type SecretBox, SecretUnreadable } from '../secrets/secret-box.ts';
import { findDeclaredSettings } from './declared-settings.ts';
import { openSettings, sealSettings } from './environment-settings.ts';

/** More would make a sentence that nobody reads. */
const MOST_NAMED = 5;

interface Start {
  readonly environment: Pick<EnvironmentRow, 'id' | 'app_id'>;
  readonly job: Pick<DeploymentJobRow, 'id' | 'package_id'>;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Decides what a start that begins runs with, and writes it down: it is the same if another process ends the start. A
 * start whose settings are not in order has ended.
 *
 * @returns why it has: no value is in it
 */
export async function decideSettings(queries: Queries, box: SecretBox, start: Start): Promise<JobEnd['failure']> {
  const failure = await writeStarting(queries, box, start);
  if (failure !== undefined) await endJob(queries, start.job.id, { at: start.at, failure });
  return failure;
}

async function writeStarting(
  queries: Queries,
  box: SecretBox,
  { environment, job }: Start,
): Promise<JobEnd['failure']> {
  const declared = await findDeclaredSettings(queries, job.package_id);
  try {
    const row = await findEnvironmentSettings(queries, environment.id);
    const { values, missing } = settingsOfStart(declared, openSettings(box, environment, 'chosen', row));
    if (missing.length > 0) return missingConstants(missing);
    const sealed = sealSettings(box, environment, 'starting', values);
    // Nothing, in the place of what a start that failed may have left.
    const isNeeded = sealed !== null || row !== undefined;
    if (isNeeded) await putEnvironmentSettings(queries, environment.id, 'starting', sealed);
    return undefined;
  } catch (error) {
    if (!(error instanceof SecretUnreadable)) throw error;
    const advice = "set them again with 'slipway environment set'.";
    return { code: 'START_FAILED', message: `Cannot start app: its settings cannot be decrypted: ${advice}` };
  }
}

function missingConstants(missing: readonly DeclaredConstant[]): JobEnd['failure'] {
  const named = missing.slice(0, MOST_NAMED).map(({ name, type }) => `${quote(name)} (${type})`);
  const more = missing.length > MOST_NAMED ? ` and ${missing.length - MOST_NAMED} more` : '';
  const what =
    missing.length === 1
      ? 'This constant has no value that its type takes'
      : 'These constants have no value that their types take';
  const message = `Cannot start app. ${what}: ${named.join(', ')}${more}. Set them with 'slipway environment set'.`;
  return { code: 'MISSING_CONSTANT', message };
}
