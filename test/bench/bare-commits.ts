import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { Bench } from './row.ts';

/** The least that anything durable costs here: rows in a bare SQLite file, as durable as Slipway's, one by one. */
export interface BareCommits {
  /** Commits per second. */
  measure(count: number): number;
}

export async function openBareCommits(bench: Bench): Promise<BareCommits> {
  const database = new DatabaseSync(join(await temporaryFolder(bench), 'bare.sqlite'));
  bench.after(() => database.close());
  database.exec(
    'pragma journal_mode = wal; pragma synchronous = full; create table bare (id integer primary key, what text)',
  );
  const insert = database.prepare('insert into bare (what) values (?)');
  return {
    measure(count) {
      const started = performance.now();
      // Without a transaction around it, each is one of its own.
      for (let at = 0; at < count; at += 1) insert.run(`commit ${at}`);
      return (count * 1000) / (performance.now() - started);
    },
  };
}
