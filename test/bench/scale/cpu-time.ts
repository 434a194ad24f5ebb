import { readFile } from 'node:fs/promises';
import pg from 'pg';

/** Linux counts it in these. */
const TICK_MS = 10;

/** Processor time in milliseconds. */
export interface CpuTime {
  readonly ownMs: number;
  /** Of children that have ended. */
  readonly childrenMs: number;
}

/** What processes have taken so far. */
export async function readCpuTime(pids: readonly number[]): Promise<CpuTime> {
  let [own, children] = [0, 0];
  for (const pid of pids) {
    // One that has just ended counts with its parent. These are utime, stime, cutime, cstime: see proc_pid_stat(5).
    const [user = 0, system = 0, ...ofChildren] = (await readStat(pid).catch(() => [])).slice(11, 15).map(Number);
    own += user + system;
    for (const ticks of ofChildren) children += ticks;
  }
  return { ownMs: own * TICK_MS, childrenMs: children * TICK_MS };
}

/** The processes of the PostgreSQL that has this database, of which it knows itself. */
export async function listPostgresPids(databaseUrl: string): Promise<readonly number[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>(
      'select pid from pg_stat_activity where pid <> pg_backend_pid()',
    );
    const pids = rows.map(({ pid }) => pid);
    const [, postmaster] = await readStat(pids[0] ?? 0);
    return [...pids, Number(postmaster)];
  } finally {
    await client.end();
  }
}

/** From the third field on, as the second may have blanks. */
async function readStat(pid: number): Promise<readonly string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
