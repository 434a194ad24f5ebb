import { CommandFailure } from '../cli/exit-codes.ts';
import type { Database } from '../database/database.ts';
import { findMove } from '../database/moves.ts';

/** For a server or a worker that starts: half of what is moved is nothing to go on from. @throws CommandFailure */
export async function refuseUnfinishedMove({ read }: Database): Promise<void> {
  const move = await findMove(read);
  if (move === undefined || move.finished_at !== null) return;
  const message = `The move of ${move.place} into this database is not finished: run 'slipway migrate' again, with the same arguments, and start servers and workers afterwards.`;
  throw new CommandFailure('checkFailed', 'MOVE_UNFINISHED', message);
}
