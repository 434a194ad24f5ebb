import { hash, randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import type { TagRequest } from '../repository.ts';

const compress = promisify(deflate);

/**
 * Writes the object of an annotated tag into a repository, as a loose object (gitformat-loose): a tag is a few lines of
 * text, and a git process for each would cost more than everything else about it.
 *
 * @returns its id
 */
export async function writeTagObject(gitDir: string, tag: TagRequest, now: number): Promise<string> {
  const message = tag.message.replaceAll('\0', '').trim() || `Package ${tag.name}`;
  const tagger = `Slipway <slipway@localhost> ${Math.floor(now / 1000)} +0000`;
  const text = `object ${tag.revisionId}\ntype commit\ntag ${tag.name}\ntagger ${tagger}\n\n${message}\n`;
  const object = Buffer.from(`tag ${Buffer.byteLength(text)}\0${text}`);
  const id = hash(tag.revisionId.length === 64 ? 'sha256' : 'sha1', object);
  const folder = join(gitDir, 'objects', id.slice(0, 2));
  // Where cleaning the mirror finds what a crash leaves.
  const temporary = join(gitDir, 'objects', `tmp_tag-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  await writeFile(temporary, await compress(object), { mode: 0o444 });
  await rename(temporary, join(folder, id.slice(2)));
  return id;
}
