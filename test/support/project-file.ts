import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface MadeProjectFile {
  /** Of `_MetaData`; `_ProductVersion` holds the version unless another column is named first. */
  readonly metaData?: string;
  readonly version?: string | null;
  /** Of `Unit`. */
  readonly unit?: string;
  readonly units?: readonly MadeUnit[];
}

export interface MadeUnit {
  /** 16 bytes as hex. */
  readonly id: string;
  readonly containment: string;
  /** For the first format. */
  readonly contents?: Uint8Array;
}

const META_DATA = '_ProductVersion TEXT,_BuildVersion TEXT,_SchemaHash TEXT';
const UNIT =
  'UnitID BLOB NOT NULL,ContainerID BLOB,ContainmentName TEXT,TreeConflict LONG,ContentsHash TEXT,ContentsConflicts TEXT';

/** The tables of a project whose units are in the file itself, and of one whose units lie beside it. */
export const FORMATS = {
  1: { unit: `${UNIT},Contents BLOB,PRIMARY KEY(UnitID)` },
  2: { unit: `${UNIT},PRIMARY KEY(UnitID)` },
} as const;

/** Makes a project file with the schema that real ones have. */
export function makeProjectFile(path: string, made: MadeProjectFile = {}): void {
  const { metaData = META_DATA, version = '10.12.3.41523', unit = FORMATS[1].unit } = made;
  const database = new DatabaseSync(path);
  database.exec(`CREATE TABLE _MetaData(${metaData})`);
  if (unit !== '') database.exec(`CREATE TABLE Unit(${unit})`);
  const column = metaData.split(/[\s,]/, 1)[0];
  if (version !== null) database.prepare(`INSERT INTO _MetaData("${column}") VALUES (?)`).run(version);
  database.exec('BEGIN');
  for (const { id, containment, contents } of made.units ?? []) {
    const columns = `UnitID, ContainmentName${contents === undefined ? '' : ', Contents'}`;
    const values = [Buffer.from(id, 'hex'), containment, ...(contents === undefined ? [] : [contents])];
    database.prepare(`INSERT INTO Unit(${columns}) VALUES (${values.map(() => '?').join()})`).run(...values);
  }
  database.exec('COMMIT');
  database.close();
}

/** The bytes of a project file that this SQL makes. */
export function projectFileOf(sql: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-'));
  const path = join(folder, 'App.mpr');
  try {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
