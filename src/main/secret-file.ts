import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CommandFailure } from '../cli/exit-codes.ts';
import { codeOf } from '../files/file-errors.ts';
import { syncFolder } from '../files/sync-folder.ts';

/** Writes a secret so that only its owner can read it, whole or not at all, and durably. */
export async function writeSecretFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await moveSecretFile(temporary, file);
}

/** Puts a file in the place of another, durably. */
export async function moveSecretFile(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Reads a secret of 32 random bytes, and makes it on the first call. @throws CommandFailure for a file without one */
export async function readOrCreateSecret(file: string): Promise<Buffer> {
  try {
    const secret = Buffer.from((await readFile(file, 'utf8')).trim(), 'hex');
    if (secret.length === 32) return secret;
    const message = `${file} does not hold 64 hex digits. Restore it, or delete it to make a new secret.`;
    throw new CommandFailure('checkFailed', 'SECRET_DAMAGED', message);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const secret = randomBytes(32);
  await writeSecretFile(file, `${secret.toString('hex')}\n`);
  return secret;
}
