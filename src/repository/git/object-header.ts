import { RepositoryError } from '../repository.ts';
import { CatFileDied } from './cat-file.ts';

const TYPES = ['blob', 'tree', 'commit', 'tag'] as const;
export type ObjectType = (typeof TYPES)[number];

/** Deaths of a process without progress in between after which the object itself is to blame. */
export const MOST_DEATHS = 3;

export interface ObjectHeader {
  readonly found: true;
  readonly id: string;
  readonly type: ObjectType;
  readonly sizeBytes: number;
}

export interface NoObject {
  readonly found: false;
  readonly why: 'missing' | 'ambiguous';
}

/** Reads the line that `git cat-file` puts before a content, or in its stead. */
export function parseHeader(line: string): ObjectHeader | NoObject {
  const [id = '', word, size] = line.split(' ');
  if (word === 'missing' || word === 'ambiguous') return { found: false, why: word };
  const type = TYPES.find((known) => known === word);
  const sizeBytes = Number(size);
  if (type === undefined || !Number.isSafeInteger(sizeBytes)) {
    throw new CatFileDied('git cat-file answered what was not asked');
  }
  return { found: true, id, type, sizeBytes };
}

export function unreadableObject(name: string | undefined, cause: unknown): RepositoryError {
  const message = `The object ${name ?? ''} of the repository's mirror cannot be read.`;
  return new RepositoryError('unreadable', message, { cause });
}
