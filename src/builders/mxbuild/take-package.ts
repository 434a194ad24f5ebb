import { type FileHandle, open } from 'node:fs/promises';
import type { BlobWriter } from '../../blob/blob-store.ts';
import { BuildFailure } from '../../domain/failure.ts';
import { openBuiltFile } from './built-file.ts';
import { checkPackage, type ExpectedPackage } from './check-package.ts';

const READ_BYTES = 1024 * 1024;

/**
 * Opens the package that MxBuild has left. What was looked at is what is stored: one and the same open file.
 *
 * @param path where nothing is running any more that could write to it
 * @returns whoever is given it closes it
 * @throws BuildFailure `builder-failed` when there is none, or not the one that was asked for
 */
export async function openPackage(path: string, expected: ExpectedPackage): Promise<FileHandle> {
  const file = await openAny(path);
  try {
    await checkPackage(file, expected);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Stores what was opened, and closes it. */
export async function storePackage(file: FileHandle, output: BlobWriter): Promise<void> {
  try {
    for await (const bytes of readPieces(file)) await output.write(bytes);
  } finally {
    await file.close();
  }
}

/**
 * Copies a package to where nothing else can write to it: the original may change while it is read, and when it has been
 * looked at.
 *
 * @param to a path where nothing is
 * @throws BuildFailure `builder-failed` when there is none; the reason of the signal
 */
export async function copyPackage(path: string, to: string, signal: AbortSignal): Promise<void> {
  const file = await openAny(path);
  try {
    // One that grows meanwhile has no end.
    const { size } = await file.stat();
    await writeAll(to, readPieces(file, size), signal);
  } finally {
    await file.close();
  }
}

async function openAny(path: string): Promise<FileHandle> {
  const file = await openBuiltFile(path);
  if (file === undefined) throw new BuildFailure('builder-failed', 'MxBuild ended well and left no package.');
  return file;
}

async function writeAll(path: string, pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const bytes of pieces) {
      signal.throwIfAborted();
      await file.writeFile(bytes);
    }
  } finally {
    await file.close();
  }
}

/** Each piece is gone when the next is asked for. */
async function* readPieces(file: FileHandle, mostBytes = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  for (let position = 0; position < mostBytes; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(READ_BYTES, mostBytes - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
