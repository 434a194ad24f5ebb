import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createTarDecoder } from 'modern-tar';
import { codeOf } from '../files/file-errors.ts';
import {
  ABOUT,
  type AboutBackup,
  BACKUP_FORMAT,
  type BackupContents,
  CONTENTS,
  DATABASE,
  placeOf,
  SUMS,
} from './backup-format.ts';

/** Why a file cannot be restored from, in the words of a sentence that begins with its name. */
export class BackupUnusable extends Error {
  override readonly name = 'BackupUnusable';
  readonly kind: 'foreign' | 'damaged' | 'too-new';

  constructor(kind: 'foreign' | 'damaged' | 'too-new', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export interface BackupMember {
  readonly name: string;
  readonly sizeBytes: number;
  /** To be read to its end, or not at all. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Real ones have some kilobytes; what it says of lost packages could be more. */
const MOST_JSON_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 512 * 1024;

/**
 * Reads what a backup says of itself at its beginning. The rest may be damaged, or missing.
 *
 * @throws BackupUnusable; what the file system throws
 */
export async function readAbout(path: string): Promise<AboutBackup> {
  for await (const member of readTar(path, foreign)) {
    if (member.name !== ABOUT) break;
    return parseAbout(await readJson(member));
  }
  throw foreign();
}

/**
 * Reads a backup from its beginning to its end, once. Its checksums are at the end: what was taken is sound when this
 * resolves, and nothing is before.
 *
 * @param take gets each member in its order, but for the last two, which say what became of the backup; the next one waits
 * for it, and what it throws is thrown
 * @throws BackupUnusable; what the file system throws
 */
export async function readBackup(path: string, take: (member: BackupMember) => Promise<void>): Promise<BackupContents> {
  // Of the lines that the checksums must consist of: a hash, because they may be very many.
  const lines = createHash('sha256');
  let hasDatabase = false;
  let contents: BackupContents | undefined;
  let sums: string | undefined;
  for await (const member of readTar(path, damaged)) {
    const { name } = member;
    if (sums !== undefined) throw damaged(`there is '${name}' behind its checksums`);
    if (placeOf(name) === undefined) throw damaged(`it holds '${name}', which is no part of a backup`);
    const hash = createHash('sha256');
    const content = hashed(member.content, hash);
    if (name === CONTENTS) contents = parseContents(await readJson({ ...member, content }));
    else if (name !== SUMS) await take({ ...member, content });
    for await (const _ of content);
    if (name === DATABASE) hasDatabase = true;
    if (name === SUMS) sums = hash.digest('hex');
    else lines.update(`${hash.digest('hex')}  ${name}\n`);
  }
  if (sums === undefined || contents === undefined || !hasDatabase) throw damaged('it has no end');
  if (sums !== lines.digest('hex')) throw damaged(NOT_AS_SUMMED);
  return contents;
}

const NOT_AS_SUMMED = `it does not hold what its ${SUMS} speak of; unpacked by tar, 'sha256sum -c ${SUMS}' in it names what is another`;

/** @param refuse makes the error for what is no tar, or ends early, where a member should begin */
async function* readTar(path: string, refuse: Refuse): AsyncGenerator<BackupMember> {
  const file = Readable.toWeb(createReadStream(path, { highWaterMark: CHUNK_BYTES }));
  const entries = file.pipeThrough(createTarDecoder({ strict: true }));
  for await (const { header, body } of orRefuse(entries, refuse)) {
    if (header.type !== 'file') throw damaged(`'${header.name}' is no file`);
    yield { name: header.name, sizeBytes: header.size, content: orRefuse(body, damaged) };
  }
}

/** Tells a damaged tar from a disk that cannot be read, whose errors have codes. */
async function* orRefuse<T>(parts: AsyncIterable<T>, refuse: Refuse): AsyncGenerator<T> {
  try {
    yield* parts;
  } catch (error) {
    throw codeOf(error) === undefined ? refuse('it is cut off, or not a tar throughout', error) : error;
  }
}

type Refuse = (reason: string, cause: unknown) => BackupUnusable;

async function* hashed(content: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    hash.update(chunk);
    yield chunk;
  }
}

async function readJson({ name, sizeBytes, content }: BackupMember): Promise<Readonly<Record<string, unknown>>> {
  if (sizeBytes > MOST_JSON_BYTES) throw damaged(`its ${name} is too long`);
  const text = (await buffer(content)).toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {}
  throw damaged(`its ${name} cannot be read`);
}

/** What a newer format says beside this is nothing that is looked at. */
function parseAbout(json: Readonly<Record<string, unknown>>): AboutBackup {
  const { Format, Slipway, CreatedAt, Packages, Migrations } = json;
  const unreadable = damaged(`its ${ABOUT} cannot be read`);
  if (typeof Format !== 'number' || typeof Slipway !== 'string') throw unreadable;
  if (Format > BACKUP_FORMAT) {
    const message = `is of the newer format ${Format}: restore it with Slipway ${Slipway} or later`;
    throw new BackupUnusable('too-new', message);
  }
  if (typeof CreatedAt !== 'string' || !Array.isArray(Migrations)) throw unreadable;
  if (Packages !== 'all' && Packages !== 'list') throw unreadable;
  return { Format, Slipway, CreatedAt, Packages, Migrations: Migrations.map(String) };
}

function parseContents(json: Readonly<Record<string, unknown>>): BackupContents {
  const { Packages, PackageBytes, Logs, DeletedMeanwhile, Lost, KeysNeeded } = json;
  const numbers = [Packages, PackageBytes, Logs, DeletedMeanwhile];
  if (!numbers.every((value) => typeof value === 'number') || !Array.isArray(Lost) || !Array.isArray(KeysNeeded))
    throw damaged(`its ${CONTENTS} cannot be read`);
  return {
    Packages: Number(Packages),
    PackageBytes: Number(PackageBytes),
    Logs: Number(Logs),
    DeletedMeanwhile: Number(DeletedMeanwhile),
    Lost,
    KeysNeeded: KeysNeeded.map(String),
  };
}

function foreign(_reason?: string, cause?: unknown): BackupUnusable {
  return new BackupUnusable('foreign', 'is no backup of Slipway', { cause });
}

function damaged(reason: string, cause?: unknown): BackupUnusable {
  return new BackupUnusable('damaged', `is damaged: ${reason}`, { cause });
}
