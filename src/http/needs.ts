import { RIGHTS, type Right } from '../protocol/permissions.ts';
import type { Needs, RightsNeeded } from './operation-description.ts';

/** Who may make a call, in one sentence for those who read about it. */
export function describeNeeds(needs: Needs): string {
  switch (needs) {
    case 'nothing':
      return 'For anybody, without credentials.';
    case 'user':
      return 'For every user.';
    case 'oneself':
      return 'For the user whose it is, and for admins.';
    case 'admin':
      return 'For admins.';
    case 'sight':
      return 'For everybody who sees the app.';
    default:
      return `Needs ${nameRights(needs.rights)} ${PLACES[needs.on]}.`;
  }
}

const PLACES: Readonly<Record<RightsNeeded['on'], string>> = {
  'any-environment': 'on the app, or on any environment of it',
  'the-environment': 'on the environment',
  'every-environment': 'on the app, and on every environment of it',
};

/** `API Rights and Transport Rights` */
export function nameRights(rights: readonly Right[]): string {
  return rights.map((right) => RIGHTS[right]).join(' and ');
}
