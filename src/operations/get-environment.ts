import type { Queries } from '../database/database.ts';
import { findEnvironment, type HoldingEnvironment } from '../database/environments.ts';
import type { AppRow } from '../database/schema.ts';
import type { Mode } from '../domain/environment-mode.ts';
import { quote, Refusal } from '../domain/refusal.ts';

/** The environment of an app. @throws Refusal ENVIRONMENT_NOT_FOUND */
export async function getEnvironment(queries: Queries, app: AppRow, mode: Mode): Promise<HoldingEnvironment> {
  const found = await findEnvironment(queries, app.id, mode.key);
  if (found !== undefined) return found;
  throw new Refusal(
    'ENVIRONMENT_NOT_FOUND',
    `The app '${app.app_id}' has no environment ${quote(mode.text)}: create it with 'slipway environment create'.`,
  );
}
