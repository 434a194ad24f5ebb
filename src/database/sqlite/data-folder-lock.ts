import { DatabaseSync } from 'node:sqlite';
import { sqliteProblem } from './sqlite-errors.ts';

/** Another process has the data folder. Its message says what to do. */
export class DataFolderInUse extends Error {
  override readonly name = 'DataFolderInUse';
}

/**
 * Makes sure that one process alone uses a data folder. The lock is SQLite's own on an empty file: the operating system
 * lets go of it when the process ends, however it ends, so that `kill -9` leaves nothing to clean up.
 *
 * @returns how to let go of it
 * @throws DataFolderInUse when another process has it; what SQLite throws where the file cannot be opened
 */
export function lockDataFolder(file: string): () => void {
  const database = new DatabaseSync(file);
  try {
    // With its journal in memory it writes nothing, and can be taken on a full disk.
    database.exec(
      'pragma busy_timeout = 0; pragma journal_mode = memory; pragma locking_mode = exclusive; begin exclusive',
    );
  } catch (error) {
    database.close();
    if (sqliteProblem(error) !== 'busy') throw error;
    throw new DataFolderInUse(
      `Another Slipway is running on this data folder: it holds ${file}. Stop it, or choose another folder.`,
      {
        cause: error,
      },
    );
  }
  return () => database.close();
}
