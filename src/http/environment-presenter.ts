import type { HoldingEnvironment } from '../database/environments.ts';
import type { AppRow } from '../database/schema.ts';
import type { WireDeployApp, WireEnvironment, WireManagedEnvironment } from '../protocol/environments.ts';

/** @param url of the app; empty without */
export function presentDeployApp(app: Pick<AppRow, 'app_id' | 'name' | 'project_id'>, url: string): WireDeployApp {
  return { AppId: app.app_id, Name: app.name, ProjectId: app.project_id, Url: url };
}

export function presentEnvironment(row: HoldingEnvironment): WireEnvironment {
  return {
    Status: row.status,
    EnvironmentId: row.id,
    Url: row.url,
    Mode: row.mode,
    ModelVersion: row.package_version ?? '',
    MendixVersion: row.package_mendix_version ?? '',
    Production: row.is_production === 1,
  };
}

/** @param options of its target, without what nobody may see */
export function presentManagedEnvironment(
  row: HoldingEnvironment,
  options: WireManagedEnvironment['TargetOptions'],
): WireManagedEnvironment {
  return {
    ...presentEnvironment(row),
    Target: row.target,
    PackageId: row.package_id,
    RunningPackageId: row.running_package_id,
    TargetOptions: options,
    CreationDate: row.created_at,
  };
}
