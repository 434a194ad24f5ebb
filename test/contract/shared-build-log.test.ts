import type { PackageId } from '../../src/domain/identifiers.ts';
import { testDatabase } from '../support/database.ts';
import { openTestPostgres } from '../support/postgres.ts';
import { setUpSharedLog } from '../support/shared-log.ts';
import { ID, testBuildLog } from './build-log.ts';

for (const [name, open] of [
  ['SQLite', testDatabase],
  ['PostgreSQL', openTestPostgres],
] as const) {
  for (const [form, fields] of [
    ['text', { status: 'Building' }],
    // Whoever closes it finishes it then.
    ['blobs', { status: 'Failed', failure_code: 'internal', failure_reason: '' }],
  ] as const) {
    testBuildLog(`shared build log of ${form} on ${name}`, async (context) =>
      setUpSharedLog(context, await open(context), { id: ID as PackageId, ...fields }, { mostBytes: 10_000 }),
    );
  }
}
