import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { WirePackage } from '../protocol/package.ts';
import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';
import { formatSize } from './human-text.ts';
import { print } from './output.ts';
import { openProgress, type Progress } from './progress.ts';
import { openClient, type RemoteOptions } from './remote-command.ts';

/**
 * `slipway package download`: writes beside the target and renames, so that a file under its name is whole; size and
 * SHA-256 are those the server names.
 */
export async function downloadPackage(
  cli: Cli,
  app: string,
  id: string,
  options: RemoteOptions & { readonly output?: string },
): Promise<void> {
  const client = await openClient(cli, options);
  const found = await client.getPackage(app, id);
  const response = await client.downloadPackage(app, id);
  const target = resolve(cli.folder, options.output ?? basename(found.Name));
  const temporary = `${target}.${cli.newId().slice(0, 8)}.part`;
  const progress = openProgress(cli);
  try {
    const written = await writeBody(response.body ?? new ReadableStream(), temporary, found, progress);
    checkWritten(written, found);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    progress.clear();
  }
  const result = { File: target, PackageId: found.PackageId, Size: found.Size, Sha256: found.Sha256 };
  print(cli, options, result, () => `${target}\n${formatSize(found.Size)}, sha256 ${found.Sha256 ?? 'not known'}`);
}

interface Written {
  readonly sizeBytes: number;
  readonly sha256: string;
}

async function writeBody(
  body: ReadableStream<Uint8Array>,
  path: string,
  expected: WirePackage,
  progress: Progress,
): Promise<Written> {
  const file = await open(path, 'wx');
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    for await (const chunk of body) {
      hash.update(chunk);
      await file.write(chunk);
      sizeBytes += chunk.length;
      progress.show(`${formatSize(sizeBytes)} of ${formatSize(expected.Size)}`);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** @throws CommandFailure `checkFailed` */
function checkWritten(written: Written, expected: WirePackage): void {
  const wrong =
    written.sizeBytes !== expected.Size
      ? `${written.sizeBytes} bytes arrived instead of ${expected.Size}`
      : `its SHA-256 is ${written.sha256} instead of ${expected.Sha256}`;
  if (written.sizeBytes === expected.Size && (expected.Sha256 ?? written.sha256) === written.sha256) return;
  const message = `The file of ${expected.Name} did not arrive whole: ${wrong}. Nothing was kept; try again.`;
  throw new CommandFailure('checkFailed', 'DOWNLOAD_DAMAGED', message);
}
