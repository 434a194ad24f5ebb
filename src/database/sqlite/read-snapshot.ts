import type { DatabaseSync } from 'node:sqlite';

/**
 * Lets the reads of one turn of the event loop share one snapshot of the database. SQLite takes and drops file locks
 * for every read that stands alone, which costs several times what a read by its key does.
 *
 * A snapshot ends with the turn, or before: whoever learns of a commit in this process must be able to read it.
 */
export interface ReadSnapshot {
  /** To be called before each read. */
  begin(): void;
  /** May be called at any time. The next read sees everything that is committed by then. */
  end(): void;
}

export function createReadSnapshot(database: DatabaseSync): ReadSnapshot {
  const beginning = database.prepare('begin');
  const ending = database.prepare('commit');
  let isOpen = false;
  const end = () => {
    if (!isOpen) return;
    isOpen = false;
    if (database.isOpen) ending.run();
  };
  return {
    begin() {
      if (isOpen) return;
      beginning.run();
      isOpen = true;
      setImmediate(end);
    },
    end,
  };
}
