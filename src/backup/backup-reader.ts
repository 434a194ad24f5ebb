import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
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
import { BLOCK_BYTES, paddingOf, parseTarHeader } from './tar-header.ts';

/** Why a file cannot be restored from, in the words of a sentence that begins with its name. */
export class BackupUnusable extends Error {
  override readonly name = 'BackupUnusable';
  readonly kind: 'foreign' | 'damaged' | 'too-new';

  constructor(kind: 'foreign' | 'damaged' | 'too-new', message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface BackupMember {
  readonly name: string;
  readonly sizeBytes: number;
  /** Where in the file its content begins. */
  readonly offset: number;
}

/** A backup whose structure is whole. Its contents have yet to prove themselves. */
export interface Backup {
  readonly about: AboutBackup;
  readonly contents: BackupContents;
  readonly sizeBytes: number;
  /**
   * Every member but the checksums, in order, each with its content, which has to be read to its end before the next one
   * is asked for, or not at all. What was read is compared with the checksum: {@link BackupUnusable} is thrown when it is
   * another one.
   */
  members(): AsyncGenerator<BackupMember & { read(): AsyncGenerator<Uint8Array> }>;
  close(): Promise<void>;
}

/** Real ones have some kilobytes; what it says of lost packages could be more. */
const MOST_JSON_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 512 * 1024;

/**
 * Opens a backup: walks along its members, so that one that was cut off or is none is known before anything is read.
 *
 * @throws BackupUnusable; what the file system throws
 */
export async function openBackup(path: string): Promise<Backup> {
  const file = await open(path, 'r');
  try {
    return await readStructure(file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readStructure(file: FileHandle): Promise<Backup> {
  const about = await readAbout(file);
  let sums: BackupMember | undefined;
  let contents: BackupMember | undefined;
  let hasDatabase = false;
  for await (const member of walk(file)) {
    if (sums !== undefined) throw damaged(`there is '${member.name}' behind its checksums`);
    if (placeOf(member.name) === undefined) throw damaged(`it holds '${member.name}', which is no part of a backup`);
    if (member.name === SUMS) sums = member;
    if (member.name === CONTENTS) contents = member;
    if (member.name === DATABASE) hasDatabase = true;
  }
  if (sums === undefined || contents === undefined || !hasDatabase) throw damaged('it has no end');
  const { size: sizeBytes } = await file.stat();
  const lines = sums;
  return {
    about,
    contents: parseContents(await readJson(file, contents)),
    sizeBytes,
    members: () => checkedMembers(file, lines),
    close: () => file.close(),
  };
}

async function readAbout(file: FileHandle): Promise<AboutBackup> {
  const foreign = new BackupUnusable('foreign', 'is no backup of Slipway');
  const header = parseTarHeader(await readAt(file, 0, BLOCK_BYTES));
  if (header?.name !== ABOUT || header.sizeBytes > MOST_JSON_BYTES) throw foreign;
  const about = parseAbout(await readJson(file, { ...header, offset: BLOCK_BYTES }));
  if (about === undefined) throw damaged(`its ${ABOUT} cannot be read`);
  if (about.Format <= BACKUP_FORMAT) return about;
  throw new BackupUnusable(
    'too-new',
    `is of the newer format ${about.Format}: restore it with Slipway ${about.Slipway} or later`,
  );
}

/** Goes from header to header. @throws BackupUnusable where there is neither one nor the end */
async function* walk(file: FileHandle): AsyncGenerator<BackupMember> {
  const { size } = await file.stat();
  let position = 0;
  for (;;) {
    const block = await readAt(file, position, BLOCK_BYTES);
    if (block.length < BLOCK_BYTES) throw damaged('it has no end');
    if (isZero(block)) break;
    const header = parseTarHeader(block);
    if (header === undefined) throw damaged(`there is no header at byte ${position}`);
    const member = { name: header.name, sizeBytes: header.sizeBytes, offset: position + BLOCK_BYTES };
    const end = member.offset + header.sizeBytes;
    position = end + paddingOf(header.sizeBytes);
    if (position > size) throw damaged('it has no end');
    if (!isZero(await readAt(file, end, position - end))) throw damaged(`there are bytes behind '${member.name}'`);
    yield member;
  }
  const rest = await readAt(file, position, 3 * BLOCK_BYTES);
  if (rest.length !== 2 * BLOCK_BYTES || !isZero(rest)) throw damaged('there are bytes behind its end');
}

async function* checkedMembers(file: FileHandle, sums: BackupMember): ReturnType<Backup['members']> {
  const lines = readLines(file, sums);
  for await (const member of walk(file)) {
    if (member.name === SUMS) break;
    const { value: line } = await lines.next();
    const [, sha256, name] = /^([0-9a-f]{64}) {2}(.*)$/.exec(line ?? '') ?? [];
    if (name !== member.name) throw damaged(`its checksums do not speak of '${member.name}'`);
    yield { ...member, read: () => readChecked(file, member, sha256) };
  }
  if ((await lines.next()).done !== true) throw damaged('its checksums speak of more than it holds');
}

async function* readChecked(
  file: FileHandle,
  member: BackupMember,
  sha256: string | undefined,
): AsyncGenerator<Uint8Array> {
  const hash: Hash = createHash('sha256');
  for await (const chunk of readContent(file, member)) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== sha256) throw damaged(`'${member.name}' has not the SHA-256 it had`);
}

async function* readContent(file: FileHandle, { offset, sizeBytes }: BackupMember): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, Math.max(sizeBytes, 1)));
  for (let done = 0; done < sizeBytes; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, sizeBytes - done), offset + done);
    if (bytesRead === 0) throw damaged('it has no end');
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Each ends with a line feed. */
async function* readLines(file: FileHandle, member: BackupMember): AsyncGenerator<string, undefined> {
  let text = '';
  for await (const chunk of readContent(file, member)) {
    const lines = (text + chunk.toString('latin1')).split('\n');
    text = lines.pop() ?? '';
    yield* lines;
  }
  if (text !== '') throw damaged('its checksums are cut off');
  return undefined;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let used = 0;
  while (used < length) {
    const { bytesRead } = await file.read(buffer, used, length - used, position + used);
    if (bytesRead === 0) break;
    used += bytesRead;
  }
  return buffer.subarray(0, used);
}

async function readJson(file: FileHandle, member: BackupMember): Promise<Readonly<Record<string, unknown>>> {
  if (member.sizeBytes > MOST_JSON_BYTES) throw damaged(`its ${member.name} is too long`);
  const text = (await readAt(file, member.offset, member.sizeBytes)).toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {}
  throw damaged(`its ${member.name} cannot be read`);
}

/** What a newer format says beside this is nothing that is looked at. */
function parseAbout(json: Readonly<Record<string, unknown>>): AboutBackup | undefined {
  const { Format, Slipway, CreatedAt, Packages, Migrations } = json;
  if (typeof Format !== 'number' || typeof Slipway !== 'string') return undefined;
  if (Format > BACKUP_FORMAT) return { Format, Slipway, CreatedAt: '', Packages: 'all', Migrations: [] };
  if (typeof CreatedAt !== 'string' || !Array.isArray(Migrations)) return undefined;
  if (Packages !== 'all' && Packages !== 'list') return undefined;
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

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

function damaged(reason: string): BackupUnusable {
  return new BackupUnusable('damaged', `is damaged: ${reason}`);
}
