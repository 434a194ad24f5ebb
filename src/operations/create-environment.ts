import { randomUUID } from 'node:crypto';
import { findApp } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { findEnvironment, type HoldingEnvironment, insertEnvironment } from '../database/environments.ts';
import type { AppRow, EnvironmentRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { Deployments } from '../deployment/deployments.ts';
import { parseMode, SANDBOX } from '../domain/environment-mode.ts';
import { quote, Refusal } from '../domain/refusal.ts';
import type { CreateEnvironment } from '../protocol/environments.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { queueNewestDeployment } from './queue-deployment.ts';
import { sealTargetOptions } from './target-options.ts';

export interface CreateEnvironmentDeps {
  readonly database: Database;
  readonly deployments: Deployments;
  readonly secretBox: SecretBox;
  readonly clock: () => number;
}

/**
 * Gives an app an environment, which is empty at first. Where that is a free app, the newest package that it has built is
 * deployed there.
 *
 * @throws Refusal INVALID_ENVIRONMENT, INVALID_PARAMETERS, ALREADY_EXISTS, APP_NOT_FOUND
 */
export async function createEnvironment(
  deps: CreateEnvironmentDeps,
  { user, app, request }: { readonly user: User; readonly app: AppRow; readonly request: CreateEnvironment },
): Promise<HoldingEnvironment> {
  const { database } = deps;
  const row = newEnvironment(deps, app, request);
  await database.transaction(async (queries) => {
    const current = await findApp(queries, app.id);
    if (current === undefined) throw new Refusal('APP_NOT_FOUND');
    if (current.license === 'free' && row.mode_key !== SANDBOX.key) {
      const message = `'${app.app_id}' is a free app: '${SANDBOX.text}' is the one environment that it may have.`;
      throw new Refusal('INVALID_PARAMETERS', message);
    }
    if ((await findEnvironment(queries, app.id, row.mode_key)) !== undefined) {
      throw new Refusal('ALREADY_EXISTS', `The app '${app.app_id}' already has an environment '${row.mode}'.`);
    }
    await insertEnvironment(queries, row);
    await queueNewestDeployment(queries, app.id, row.created_at);
    await insertAuditEntry(queries, {
      at: row.created_at,
      login: user.login,
      action: 'environment.create',
      subject: app.app_id,
      detail: row.mode,
    });
  });
  return { ...row, package_version: null, package_mendix_version: null };
}

function newEnvironment(
  { deployments, secretBox, clock }: CreateEnvironmentDeps,
  app: AppRow,
  { Mode, Production, Url, Target: target = 'record', TargetOptions = {} }: CreateEnvironment,
): EnvironmentRow {
  const mode = parseMode(Mode);
  const place = { id: randomUUID(), app_id: app.id };
  const options = deployments.optionsOf(target).parseOptions(TargetOptions, undefined);
  return {
    ...place,
    mode: mode.text,
    mode_key: mode.key,
    target,
    target_options: sealTargetOptions(secretBox, place, options),
    is_production: Production === true ? 1 : 0,
    url: parseAppUrl(Url ?? ''),
    status: 'Empty',
    package_id: null,
    running_package_id: null,
    created_at: clock(),
  };
}

/** Reads where an app is found; empty for nowhere. @throws Refusal INVALID_PARAMETERS */
export function parseAppUrl(given: string): string {
  const text = given.trim();
  if (text === '' || (/^https?:\/\//i.test(text) && URL.canParse(text))) return text;
  throw new Refusal('INVALID_PARAMETERS', `Url is ${quote(given)}: give one that begins with http:// or https://.`);
}
