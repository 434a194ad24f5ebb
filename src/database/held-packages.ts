import type { Expression } from 'kysely';
import type { PackageId } from '../domain/identifiers.ts';
import { HELD_LAST } from '../domain/retention.ts';
import type { Queries } from './database.ts';

/** Besides those that it held before, the one that an environment holds, and the one that it runs. */
const REMEMBERED = HELD_LAST + 2;

/** Remembers that an environment holds a package from now on, and forgets what it held long ago. */
export async function recordHeld(
  queries: Queries,
  held: { readonly environmentId: string; readonly packageId: PackageId; readonly at: number },
): Promise<void> {
  const { environmentId: environment_id, packageId: package_id } = held;
  const ofEnvironment = queries.selectFrom('held_packages').where('environment_id', '=', environment_id);
  const latest = await ofEnvironment.select(({ fn }) => fn.max('held_at').as('at')).executeTakeFirst();
  // Their order counts, also where a clock was put back.
  const held_at = Math.max(held.at, Number(latest?.at ?? 0) + 1);
  await queries
    .insertInto('held_packages')
    .values({ environment_id, package_id, held_at })
    .onConflict((conflict) => conflict.columns(['environment_id', 'package_id']).doUpdateSet({ held_at }))
    .execute();
  const remembered = ofEnvironment.select('package_id').orderBy('held_at', 'desc').limit(REMEMBERED);
  await queries
    .deleteFrom('held_packages')
    .where('environment_id', '=', environment_id)
    .where('package_id', 'not in', remembered)
    .execute();
}

/** The packages that each environment of an app held last, besides the one that it holds and the one that it runs. */
export async function listHeldLast(queries: Queries, appKey: string): Promise<PackageId[]> {
  const rows = await queries
    .selectFrom('environments')
    .innerJoin('held_packages', 'held_packages.environment_id', 'environments.id')
    .select(['environments.id', 'held_packages.package_id'])
    .where('app_id', '=', appKey)
    .where(({ eb, ref }) => eb('held_packages.package_id', 'is distinct from', ref('environments.package_id')))
    .where(({ eb, ref }) => eb('held_packages.package_id', 'is distinct from', ref('running_package_id')))
    .orderBy('held_at', 'desc')
    .execute();
  const byEnvironment = Map.groupBy(rows, ({ id }) => id);
  return [...byEnvironment.values()].flatMap((held) => held.slice(0, HELD_LAST).map(({ package_id }) => package_id));
}

/** Forgets what some environments held. @param environments their ids */
export async function deleteHeldPackages(
  queries: Queries,
  environments: Expression<string> | readonly string[],
): Promise<void> {
  await queries.deleteFrom('held_packages').where('environment_id', 'in', environments).execute();
}
