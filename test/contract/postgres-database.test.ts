import { POSTGRES_VERSIONS } from '../support/postgres.ts';
import { testDatabaseContract } from './database.ts';

for (const [name, open] of POSTGRES_VERSIONS) testDatabaseContract(name, open);
