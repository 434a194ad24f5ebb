import type { FastifyInstance } from 'fastify';
import { quote, Refusal } from '../domain/refusal.ts';
import type { Pruned } from '../operations/prune-packages.ts';
import { type PruneAnswer, type PrunePackages, PrunePackagesSchema, type Retention } from '../protocol/retention.ts';
import { callerOf } from './caller.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { parseManageBody } from './manage-body.ts';
import { parseRequestBody } from './request-body.ts';
import { withRequestSignal } from './request-signal.ts';
import { describe } from './route-schemas.ts';
import { getVisibleApp } from './visible-app.ts';

/** How long one call works: less than proxies wait for an answer. */
const STRETCH_MS = 8_000;

const REFUSALS = { malformed: 'INVALID_APPID', notFound: 'APP_NOT_FOUND' } as const;

/** Deletes what nothing keeps of an app, or says what that is. */
export function addManagePruneRoute(
  app: FastifyInstance,
  { database, operations }: Pick<HttpDependencies, 'database' | 'operations'>,
  closing: AbortSignal,
): void {
  app.route<{ Params: { readonly app: string } }>({
    method: 'POST',
    url: '/apps/:app/prune',
    schema: describe('prunePackages'),
    handler: async (request, { raw: response }) => {
      const { user } = callerOf(request);
      const row = await getVisibleApp(database.read, request, REFUSALS);
      const asked = parsePrune(request.body);
      const dryRun = asked.DryRun === true;
      const args = { user, app: row, retention: retentionOf(asked), dryRun, after: Number(asked.Cursor ?? 0) };
      const pruned = await withRequestSignal({ response, closing, timeoutMs: STRETCH_MS }, (signal) =>
        operations.prunePackages(args, signal),
      );
      return presentPruned(pruned, dryRun);
    },
  });
}

/** @throws Refusal INVALID_PARAMETERS also for what is misspelled: it would delete what nobody wanted to delete */
function parsePrune(bytes: unknown): PrunePackages {
  const asked = parseManageBody(PrunePackagesSchema, bytes);
  const known = Object.keys(PrunePackagesSchema.properties);
  const unknown = Object.keys(parseRequestBody(bytes) ?? {}).find((name) => !known.includes(name));
  if (unknown === undefined) return asked;
  throw new Refusal('INVALID_PARAMETERS', `There is no parameter ${quote(unknown)}, only ${known.join(', ')}.`);
}

/** undefined where none is given. */
function retentionOf({ Preset, KeepNewest, KeepDays }: PrunePackages): Retention | undefined {
  const given = {
    ...(Preset !== undefined && { Preset }),
    ...(KeepNewest !== undefined && { KeepNewest }),
    ...(KeepDays !== undefined && { KeepDays }),
  };
  return Object.keys(given).length === 0 ? undefined : given;
}

function presentPruned({ retention, count, bytes, packages, kept, next }: Pruned, dryRun: boolean): PruneAnswer {
  return {
    DryRun: dryRun,
    Retention: retention,
    Count: count,
    Bytes: bytes,
    Packages: packages.map((row) => ({
      PackageId: row.id,
      Name: row.name,
      Version: row.version,
      Status: row.status,
      CreationDate: row.created_at,
      Size: row.size_bytes,
    })),
    Kept: { ...kept },
    Cursor: next === undefined ? null : String(next),
  };
}
