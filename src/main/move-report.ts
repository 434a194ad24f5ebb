import type { LostPackage } from '../backup/backup-format.ts';
import type { MovedTable } from '../database/moved-tables.ts';
import type { MoveState } from './begin-move.ts';

/** What was moved: as `migrate --json` shows it. */
export interface MoveReport {
  readonly DataFolder: string;
  readonly Database: string;
  readonly Blobs: string;
  /** Of the target, when this began. One that is `finished` is left as it is, and neither read nor compared. */
  readonly State: MoveState;
  /** Whether servers may start on it. */
  readonly IsFinished: boolean;
  readonly Tables: readonly ComparedTable[];
  readonly Packages: number;
  readonly PackageBytes: number;
  readonly Logs: number;
  /** What was not there yet. */
  readonly CopiedNow: { readonly Rows: number; readonly Packages: number; readonly Logs: number };
  /** How packages were compared that were there before: those that were copied, always by SHA-256 on the way. */
  readonly VerifiedBy: 'size' | 'SHA-256';
  /** Packages without a sound file. */
  readonly Lost: readonly Omit<LostPackage, 'Environments'>[];
  /** What credentials and secrets are encrypted with; null where none is. */
  readonly KeyId: string | null;
  /** Where that key is; null where it is in SLIPWAY_SECRET_KEY, or there is none. */
  readonly KeyFile: string | null;
}

/** The rows of a table in the data folder, and in the target. */
export interface ComparedTable {
  readonly Table: MovedTable;
  readonly Rows: number;
  readonly RowsThere: number;
  readonly Digest: string;
  readonly DigestThere: string;
}

/** Whether a table holds the same on both sides. */
export function isSame({ Rows, RowsThere, Digest, DigestThere }: ComparedTable): boolean {
  return Rows === RowsThere && Digest === DigestThere;
}
