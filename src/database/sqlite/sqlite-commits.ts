import type { GroupCommitOptions } from '../group-commit.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { translateSqliteError } from './sqlite-errors.ts';

/** How a connection of SQLite commits. */
export function sqliteCommits(connection: SqliteConnection): Pick<GroupCommitOptions, 'connection' | 'translateError'> {
  return {
    connection: {
      begin: (durability) =>
        connection.exec(`pragma synchronous = ${durability === 'full' ? 'full' : 'normal'}; begin immediate`),
      savepoint: () => connection.exec('savepoint member'),
      release(undo) {
        if (undo) connection.exec('rollback to member');
        connection.exec('release member');
      },
      commit: () => connection.exec('commit'),
      rollback() {
        // There is nothing to roll back where SQLite did so by itself: on a full disk, for instance.
        try {
          connection.exec('rollback');
        } catch {}
      },
    },
    translateError: translateSqliteError,
  };
}
