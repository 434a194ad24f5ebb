import { sql } from 'kysely';
import type { PackageId } from '../domain/identifiers.ts';
import type { Queries } from './database.ts';
import { endJob } from './deployment-jobs.ts';
import { updateEnvironment } from './environments.ts';
import { deletePackageRow } from './packages.ts';
import type { EnvironmentRow } from './schema.ts';

/**
 * Deletes a package whose file is gone, and takes it out of the environments that held it or ran it, for it cannot be
 * started there again. What is being done with it there has failed.
 *
 * @returns the modes of these environments
 */
export async function deleteLostPackage(queries: Queries, id: PackageId, at: number): Promise<string[]> {
  const environments = await queries
    .selectFrom('environments')
    .selectAll()
    .where(({ eb, or }) => or([eb('package_id', '=', id), eb('running_package_id', '=', id)]))
    .execute();
  for (const environment of environments) await updateEnvironment(queries, environment.id, without(environment, id));
  const jobs = await queries
    .selectFrom('deployment_jobs')
    .select(['id', 'kind'])
    .where('package_id', '=', id)
    .where('state', '=', sql.lit('UnderWay' as const))
    .execute();
  for (const job of jobs) {
    const code = job.kind === 'start' ? 'START_FAILED' : 'TRANSPORT_FAILED';
    const message = 'The file of the package was lost: build it again, and transport that.';
    await endJob(queries, job.id, { at, failure: { code, message } });
  }
  await deletePackageRow(queries, id);
  return environments.map(({ mode }) => mode);
}

function without(
  environment: EnvironmentRow,
  id: PackageId,
): Pick<EnvironmentRow, 'status' | 'package_id' | 'running_package_id'> {
  const running = environment.running_package_id === id ? null : environment.running_package_id;
  const held = environment.package_id === id ? running : environment.package_id;
  const status = held === null ? 'Empty' : running === null ? 'Stopped' : 'Running';
  return { status, package_id: held, running_package_id: running };
}
