import { findApp } from '../database/apps.ts';
import type { Database } from '../database/database.ts';
import { listEnvironments } from '../database/environments.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { Refusal } from '../domain/refusal.ts';
import { makeFree } from './make-free.ts';

/**
 * Makes an app that has no environment a free one.
 *
 * @throws Refusal INVALID_PROJECTID where it is gone, APPLICATION_ALREADY_EXISTS
 */
export async function createFreeEnvironment(
  { database, clock }: { readonly database: Database; readonly clock: () => number },
  { user, app }: { readonly user: User; readonly app: AppRow },
): Promise<void> {
  await database.transaction(async (queries) => {
    if ((await findApp(queries, app.id)) === undefined) throw new Refusal('INVALID_PROJECTID');
    const [first] = await listEnvironments(queries, app.id);
    if (first !== undefined) {
      const message = `The app '${app.app_id}' already has the environment '${first.mode}'.`;
      throw new Refusal('APPLICATION_ALREADY_EXISTS', message);
    }
    await makeFree(queries, { user, app, at: clock() });
  });
}
