import type { AppRow } from '../database/schema.ts';
import type { Right } from '../protocol/permissions.ts';
import { nameRights } from './needs.ts';
import type { RightsNeeded } from './operation-description.ts';

interface Missing {
  readonly missing: readonly Right[];
  readonly on: RightsNeeded['on'];
  readonly app: Pick<AppRow, 'app_id' | 'technical_contact'>;
  readonly login: string;
  /** Of the environment that the call is about. */
  readonly mode: string | undefined;
}

/** Which right a call needs, where, and how somebody gets it: for a user who sees the app. */
export function describeMissing({ missing, on, app, login, mode }: Missing): string {
  const contact = app.technical_contact;
  const whom = contact === null || contact === login ? 'an admin' : `the Technical Contact ${contact} or an admin`;
  const environment = mode === undefined ? '' : ` --environment ${/\s/.test(mode) ? `"${mode}"` : mode}`;
  const command = `slipway grant ${login} ${app.app_id}${environment} --rights ${missing.join(',')}`;
  return `You need ${nameRights(missing)} ${describePlace(on, app.app_id, mode)}: ask ${whom} to run '${command}'.`;
}

function describePlace(on: RightsNeeded['on'], appId: string, mode: string | undefined): string {
  switch (on) {
    case 'any-environment':
      return `on any environment of the app '${appId}'`;
    case 'the-environment':
      return `on the environment '${mode ?? ''}' of the app '${appId}'`;
    case 'every-environment':
      return `on every environment of the app '${appId}'`;
  }
}
