import { spawn } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { BuildFailure } from '../../domain/failure.ts';

const STDERR_KEPT = 1000;

/**
 * Unpacks a tar archive, compressed or not, into a folder that it makes. By the system's `tar`, which lets no member out
 * of the folder.
 *
 * @throws BuildFailure `toolchain-missing` for what is no archive, or no whole one
 */
export async function unpackArchive(archive: string, folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(folder);
  // A name with a colon would be taken for one on another host.
  const args = ['--extract', '--force-local', '--no-same-owner', `--file=${archive}`, `--directory=${folder}`];
  const child = spawn('tar', args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: SYSTEM_PATH, LC_ALL: 'C' } });
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(0, STDERR_KEPT);
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    signal.throwIfAborted();
    if (code === 0) {
      // A container's user has to read it; the folders above keep others out.
      await chmod(folder, 0o755);
      return;
    }
    throw new BuildFailure('toolchain-missing', `${archive} cannot be unpacked: ${firstLine(stderr)}.`);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin';

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/^tar: /, '').replace(/\.$/, '') || 'tar gave no reason';
}
