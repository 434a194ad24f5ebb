import type { Database } from '../database/database.ts';
import type { Duties } from './leadership.ts';
import { type OpenChoresOptions, openChores } from './open-chores.ts';
import { type OpenOutboxOptions, openOutbox } from './open-outbox.ts';

export type OpenDutiesOptions = Omit<OpenOutboxOptions & OpenChoresOptions, 'database'>;

/**
 * What goes on by itself beside builds and calls, in one process alone: what the outbox holds, and chores.
 *
 * @param database to be written through
 */
export function openDuties(options: OpenDutiesOptions, database: Database): Duties {
  const outbox = openOutbox({ ...options, database });
  const chores = openChores({ ...options, database });
  return {
    start() {
      outbox.start();
      chores.start();
    },
    async stop() {
      await outbox.stop();
      await chores.stop();
    },
  };
}
