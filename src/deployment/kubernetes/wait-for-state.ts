import { setTimeout } from 'node:timers/promises';
import { DeploymentFailure } from '../deployment-target.ts';
import { PassingFailure } from './api-failure.ts';
import { findTrouble } from './app-state.ts';
import type { MendixApp } from './mendix-app.ts';
import type { Pacing } from './pacing.ts';
import type { ResourceClient } from './resource-client.ts';

/**
 * Reads a resource until its status says what is waited for; an API that does not answer meanwhile is asked again.
 *
 * @param first as it was read last
 * @throws DeploymentFailure with the operator's words, where they sound like a failure for a while; the reason of `signal`
 */
export async function waitForState(
  client: ResourceClient,
  first: MendixApp,
  isThere: (app: MendixApp) => boolean,
  { pollMs, mostPollMs, troubleMs }: Pacing,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  let app = first;
  for (let pauseMs = pollMs; !isThere(app); pauseMs = Math.min(pauseMs * 1.5, mostPollMs)) {
    const trouble = findTrouble(app);
    if (trouble !== undefined && performance.now() - began >= troubleMs) {
      throw new DeploymentFailure(`the Mendix operator says ${trouble}. Its logs, and those of its pods, say more.`);
    }
    await setTimeout(pauseMs, undefined, { signal }).catch(() => {
      throw signal.reason;
    });
    app = (await readAgain(client, signal)) ?? app;
  }
}

async function readAgain(client: ResourceClient, signal: AbortSignal): Promise<MendixApp | undefined> {
  try {
    return await client.read(signal);
  } catch (error) {
    if (error instanceof PassingFailure) return undefined;
    throw error;
  }
}
