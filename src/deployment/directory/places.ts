import { join } from 'node:path';

/** Where things are in the folder of an environment. All that is not a release or the link is in `.slipway`. */
export interface Places {
  /** With no symbolic link in it. */
  readonly folder: string;
  /** Leads to the release that runs, or that ran last. */
  readonly current: string;
  readonly releases: string;
  /** Nobody but the server's user may look into it. */
  readonly own: string;
  /** Holds the id of the environment whose folder this is. */
  readonly mark: string;
  readonly state: string;
  /** Names the command that runs at this moment. */
  readonly command: string;
  /** Holds the settings of each release that was started. */
  readonly settings: string;
}

export function placesIn(folder: string): Places {
  const own = join(folder, '.slipway');
  return {
    folder,
    current: join(folder, 'current'),
    releases: join(folder, 'releases'),
    own,
    mark: join(own, 'environment'),
    state: join(own, 'state.json'),
    command: join(own, 'command'),
    settings: join(own, 'settings'),
  };
}

export function releaseFolder({ releases }: Places, id: string): string {
  return join(releases, id);
}

export function settingsFile({ settings }: Places, id: string): string {
  return join(settings, `${id}.json`);
}
