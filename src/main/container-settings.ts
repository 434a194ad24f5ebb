import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import type { ContainerSettings } from '../sandbox/open-sandbox.ts';
import type { Configuration } from './configuration.ts';

/**
 * What the container sandbox has to know. Its containers belong to the data folder, which no two servers use at once.
 *
 * @param environment what the engine gets
 */
export async function containerSettings(
  { dataFolder, sandboxEngine, sandboxImage, sandboxNetwork, sandboxPull }: Configuration,
  environment: Readonly<Record<string, string>>,
): Promise<ContainerSettings> {
  const folder = await realpath(dataFolder).catch(() => dataFolder);
  return {
    program: sandboxEngine,
    image: sandboxImage,
    network: sandboxNetwork,
    pull: sandboxPull,
    owner: createHash('sha256').update(folder).digest('hex').slice(0, 32),
    environment,
  };
}
