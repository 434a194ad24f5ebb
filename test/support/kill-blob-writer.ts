import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { BlobStore } from '../../src/blob/blob-store.ts';
import { bytesOf } from './commit-blobs.ts';

/** Lets a program commit blobs as `commitBlobs` does, and kills it when it has told of so many. @returns their keys */
export async function killAfter(
  blobs: number,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told: string[] = [];
  for await (const key of createInterface({ input: child.stdout })) {
    told.push(key);
    if (told.length === blobs) child.kill('SIGKILL');
  }
  return told;
}

/** Everything that was told of is there, and whatever is there is whole. */
export async function expectWhole(store: BlobStore, told: readonly string[]): Promise<void> {
  const keys = new Set(await Array.fromAsync(store.list()));
  assert.deepEqual(
    told.filter((key) => !keys.has(key)),
    [],
  );
  for (const key of keys) {
    const bytes = bytesOf(key);
    assert.equal(await store.findSize(key), bytes.length);
    const chunks = await store.read(key, { start: 0, end: bytes.length - 1 });
    assert.ok(Buffer.concat(await Array.fromAsync(chunks, (chunk) => Buffer.from(chunk))).equals(bytes));
  }
}
