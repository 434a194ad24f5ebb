import { type FileHandle, open } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { WirePackage } from '../protocol/package.ts';
import type { Cli } from './cli.ts';
import { describePackage } from './describe-package.ts';
import { CommandFailure } from './exit-codes.ts';
import { formatSize } from './human-text.ts';
import { print } from './output.ts';
import { openProgress, type Progress } from './progress.ts';
import { openClient, type RemoteOptions } from './remote-command.ts';
import { watchBuild } from './watch-build.ts';

export interface UploadOptions extends RemoteOptions {
  readonly name?: string;
  readonly description?: string;
  readonly timeout: number;
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * `slipway package upload`: sends a file, waits until the server has checked it, and prints the package.
 *
 * @throws CommandFailure `usage` where there is no such file, `refused` where it is no package; ClientError
 */
export async function uploadPackage(cli: Cli, app: string, path: string, options: UploadOptions): Promise<void> {
  const client = await openClient(cli, options);
  const file = await openFile(resolve(cli.folder, path));
  const progress = openProgress(cli);
  try {
    const { size: sizeBytes } = await file.stat();
    const query = { name: options.name ?? basename(path), description: options.description };
    const { PackageId } = await client.uploadPackage(app, readFile(file, sizeBytes, progress), query);
    progress.clear();
    const watch = { app, packageId: PackageId, timeoutMs: options.timeout, follow: false, hasAnswered: true };
    const found = await watchBuild(cli, client, watch);
    print(cli, options, found, () => describePackage(cli, found));
    refuseFailed(found);
  } finally {
    progress.clear();
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (cause) {
    throw new CommandFailure('usage', 'FILE_UNREADABLE', `The file '${path}' cannot be read: name another.`, { cause });
  }
  throw new CommandFailure('usage', 'FILE_UNREADABLE', `'${path}' is no file: name the one to upload.`);
}

async function* readFile(file: FileHandle, sizeBytes: number, progress: Progress): AsyncGenerator<Uint8Array, void> {
  for (let sent = 0; ; ) {
    // A chunk is sent while the next is read, so each has a buffer of its own.
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, sent);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    sent += bytesRead;
    progress.show(`${formatSize(sent)} of ${formatSize(sizeBytes)}`);
  }
}

function refuseFailed({ Name, Status, StatusReason }: WirePackage): void {
  if (Status === 'Succeeded') return;
  const message = `${Name} was not taken. ${StatusReason ?? 'No reason was given.'}`;
  throw new CommandFailure('refused', 'INVALID_PACKAGE', message);
}
