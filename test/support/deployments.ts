import { randomBytes } from 'node:crypto';
import { BlobError, type BlobStore } from '../../src/blob/blob-store.ts';
import type { Database } from '../../src/database/database.ts';
import type { DeploymentTarget } from '../../src/deployment/deployment-target.ts';
import { Deployments } from '../../src/deployment/deployments.ts';
import { recordTarget } from '../../src/deployment/record-target.ts';
import { describeForTargets } from '../../src/operations/describe-for-targets.ts';
import { openSecretBox, type SecretBox } from '../../src/secrets/secret-box.ts';

/** What the operations on environments need, and the errors that were reported. */
export interface DeploymentDeps {
  readonly database: Database;
  readonly deployments: Deployments;
  readonly blobs: Pick<BlobStore, 'read'>;
  readonly secretBox: SecretBox;
  readonly clock: () => number;
  readonly errors: unknown[];
}

interface DeploymentTestOptions extends Partial<Pick<DeploymentDeps, 'secretBox' | 'blobs' | 'clock'>> {
  readonly timeoutMs?: number;
  readonly leaseMs?: number;
}

/** Of packages that have no file. */
const NO_BLOBS: DeploymentDeps['blobs'] = {
  read: async (key) => {
    throw new BlobError('missing', `There is no blob '${key}'.`);
  },
};

/**
 * @param target what `record` does in place of nothing
 * @param options `timeoutMs`: how long a call of it may take; `blobs`: where packages have their files; `leaseMs`: where
 *   others share the database
 */
export function openDeployments(
  database: Database,
  target: Partial<DeploymentTarget>,
  options: DeploymentTestOptions = {},
): DeploymentDeps {
  const { timeoutMs = 60_000, leaseMs, clock = Date.now } = options;
  const { secretBox = openSecretBox(randomBytes(32)), blobs = NO_BLOBS } = options;
  const errors: unknown[] = [];
  const deployments = new Deployments({
    database,
    targets: {
      record: { ...recordTarget(), ...target },
      directory: recordTarget(),
      webhook: recordTarget(),
      kubernetes: recordTarget(),
    },
    describe: describeForTargets({
      database,
      secretBox,
      links: ({ packageId }) => `https://slipway.example/${packageId}`,
    }),
    timeoutMs,
    clock,
    leaseMs,
    onError: (error) => errors.push(error),
    retryMs: 10,
  });
  return { database, deployments, blobs, secretBox, clock, errors };
}

/** A start that goes on until its signal fires. */
export function neverStarting() {
  const state = { begun: 0, given: 0 };
  const start: DeploymentTarget['start'] = async (_environment, _order, signal) => {
    state.begun++;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    state.given++;
    signal.throwIfAborted();
  };
  return { state, start };
}
