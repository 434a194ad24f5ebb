import { DatabaseSync } from 'node:sqlite';

/**
 * Copies a database as it is at one moment into a file that is not there yet, whether or not a server writes to it: its
 * transactions neither wait for the copy nor are in it by half. What was deleted is not in it either. Nothing else
 * happens in this process meanwhile.
 *
 * @throws what SQLite throws, which `sqliteProblem` tells apart
 */
export function copyDatabase(file: string, target: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.exec('pragma busy_timeout = 10000');
    database.prepare('vacuum into ?').run(target);
  } finally {
    database.close();
  }
}
