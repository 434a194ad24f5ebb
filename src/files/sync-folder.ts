import { open } from 'node:fs/promises';

/** Makes what was put into a folder, or taken out of it, survive a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
