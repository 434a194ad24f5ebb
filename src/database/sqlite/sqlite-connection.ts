import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { createReadSnapshot, type ReadSnapshot } from './read-snapshot.ts';

const MOST_STATEMENTS = 200;

/**
 * One connection of `node:sqlite` in the form that Kysely's SQLite dialect expects, which keeps prepared statements:
 * preparing costs more than running for most of our queries.
 */
export interface SqliteConnection extends SqliteDatabase {
  exec(sql: string): void;
  /** For a connection that reads: what was committed until now is seen by the next read. */
  renewSnapshot(): void;
  /** May be called twice. */
  close(): void;
}

/** Opens a connection for writing, or for reads alone. The journal mode is the file's and is set by the first writer. */
export function openSqliteConnection(file: string, mode: 'write' | 'read'): SqliteConnection {
  const database = new DatabaseSync(file, { readOnly: mode === 'read', enableForeignKeyConstraints: true });
  try {
    if (mode === 'write') database.exec('pragma journal_mode = wal; pragma journal_size_limit = 67108864');
    // Pages that nearly every transaction changes are written back once for many of them; the default is 1000.
    if (mode === 'write') database.exec('pragma wal_autocheckpoint = 4000');
    database.exec('pragma busy_timeout = 10000; pragma cache_size = -8000');
  } catch (error) {
    database.close();
    throw error;
  }
  const statements = new Map<string, SqliteStatement>();
  const snapshot = mode === 'read' ? createReadSnapshot(database) : undefined;
  return {
    prepare(sql) {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      if (statements.size >= MOST_STATEMENTS) statements.clear();
      const statement = adapt(database.prepare(sql), snapshot);
      statements.set(sql, statement);
      return statement;
    },
    exec: (sql) => database.exec(sql),
    renewSnapshot: () => snapshot?.end(),
    close() {
      if (!database.isOpen) return;
      snapshot?.end();
      statements.clear();
      database.close();
    },
  };
}

function adapt(statement: StatementSync, snapshot: ReadSnapshot | undefined): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all(parameters) {
      snapshot?.begin();
      return statement.all(...values(parameters));
    },
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}

/** Kysely promises nothing about the parameters' types; what SQLite cannot take, it refuses by itself. */
function values(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[];
}
