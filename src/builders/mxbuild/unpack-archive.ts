import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir } from 'node:fs/promises';
import { type Readable, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { BuildFailure } from '../../domain/failure.ts';
import { codeOf } from '../../files/file-errors.ts';
import { type Archive, UnusableArchive } from './archive-file.ts';

/** Said by doctor as well. */
export const NO_TAR = "An MxBuild is unpacked with 'tar', which is not found: 'apt-get install tar'.";

export interface UnpackOptions {
  /** Where `tar` is looked for: a PATH. */
  readonly path: string;
  /** What is unpacked may have so many bytes, as a tar that is not compressed. */
  readonly mostBytes: number;
}

const STDERR_KEPT = 1000;
/** Of what is unpacked: the less often it is handed over, the better. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Unpacks an archive into a folder that it makes, while it comes. By the system's `tar`, which lets no member out of the
 * folder.
 *
 * @throws UnusableArchive for what is no archive, or no whole one, or too large; BuildFailure `toolchain-missing` where
 *   there is no `tar`; what the archive's own stream throws as a BuildFailure
 */
export async function unpackArchive(
  archive: Archive,
  folder: string,
  { path, mostBytes }: UnpackOptions,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  await mkdir(folder);
  const bytes = await archive.open(signal).catch((error: unknown) => {
    throw asFailure(archive, error);
  });
  // Errors count where it is read.
  bytes.on('error', () => undefined);
  const tar = startTar(folder, path);
  const stop = () => tar.child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  try {
    const fed = feed(archive, bytes, boundBytes(archive, mostBytes), tar, signal);
    const [feeding, ended] = await Promise.allSettled([fed, tar.ended]);
    signal.throwIfAborted();
    // First, for of an archive that was cut off before it tar can say nothing else.
    if (feeding.status === 'rejected') throw asFailure(archive, feeding.reason);
    if (ended.status === 'rejected') throw ended.reason;
    if (ended.value !== undefined) throw unusable(archive, ended.value);
    // A container's user has to read it; the folders above keep others out.
    await chmod(folder, 0o755);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

interface Tar {
  readonly child: ChildProcess;
  readonly input: Writable;
  /** Its reason where it failed. @throws BuildFailure where it could not be started */
  readonly ended: Promise<string | undefined>;
}

function startTar(folder: string, path: string): Tar {
  const args = ['--extract', '--no-same-owner', '--file=-', `--directory=${folder}`];
  const child = spawn('tar', args, { stdio: ['pipe', 'ignore', 'pipe'], env: { PATH: path, LC_ALL: 'C' } });
  // That it takes no more is no failure: it may have read to the end of the archive.
  child.stdin.on('error', () => undefined);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(0, STDERR_KEPT);
  });
  const ended = new Promise<string | undefined>((resolve, reject) => {
    child.on('error', (error) => reject(notStarted(error)));
    child.on('close', (code) => resolve(code === 0 ? undefined : firstLine(stderr)));
  });
  return { child, input: child.stdin, ended };
}

function notStarted(cause: Error): BuildFailure {
  const message = codeOf(cause) === 'ENOENT' ? NO_TAR : `'tar' cannot be started: ${cause.message}.`;
  return new BuildFailure('toolchain-missing', message, { cause });
}

/** Gives tar what it takes, and reads the rest to its end: only there is seen whether it is whole. */
async function feed(archive: Archive, bytes: Readable, bound: Transform, tar: Tar, signal: AbortSignal): Promise<void> {
  const give = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      if (!tar.input.destroyed) await new Promise<void>((given) => tar.input.write(chunk, () => given()));
      else await refuseFailed(archive, tar);
    }
    tar.input.end();
  };
  try {
    if (await isGzip(bytes, signal))
      await pipeline(bytes, createGunzip({ chunkSize: CHUNK_BYTES }), bound, give, { signal });
    else await pipeline(bytes, bound, give, { signal });
  } finally {
    bytes.destroy();
    // It would wait for more.
    if (!tar.input.writableEnded) tar.input.destroy();
  }
}

async function refuseFailed(archive: Archive, tar: Tar): Promise<void> {
  const reason = await tar.ended;
  if (reason !== undefined) throw unusable(archive, reason);
}

/** By its first byte, which is not one that a tar begins with: that is the first of a file's name. */
async function isGzip(bytes: Readable, signal: AbortSignal): Promise<boolean> {
  if (bytes.readableLength === 0) await once(bytes, 'readable', { signal });
  const chunk: Buffer | null = bytes.read();
  if (chunk !== null) bytes.unshift(chunk);
  return chunk?.[0] === 0x1f;
}

function boundBytes({ name }: Archive, mostBytes: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen <= mostBytes) return done(null, chunk);
      return done(
        new UnusableArchive(`${name} is no archive of MxBuild: what is in it is larger than ${mostBytes} bytes.`),
      );
    },
  });
}

function asFailure(archive: Archive, error: unknown): BuildFailure {
  if (error instanceof BuildFailure) return error;
  return unusable(archive, error instanceof Error ? error.message : String(error), error);
}

function unusable({ name }: Archive, why: string, cause?: unknown): UnusableArchive {
  return new UnusableArchive(`${name} cannot be unpacked: ${why}.`, { cause });
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/^tar: /, '').replace(/\.$/, '') || 'tar gave no reason';
}
