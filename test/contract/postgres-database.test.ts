import { openTestPostgres } from '../support/postgres.ts';
import { testDatabaseContract } from './database.ts';

testDatabaseContract('PostgreSQL', openTestPostgres);
