import type { Logger } from 'pino';
import type { Configuration } from './configuration.ts';

/** Says at a start that builds are not kept apart from the rest, where the operator wants it so. */
export function warnWithoutSandbox({ sandbox }: Configuration, logger: Logger): void {
  if (sandbox !== 'none') return;
  logger.warn("SLIPWAY_SANDBOX is 'none': commands of slipway.yml may read and write everything that Slipway may.");
}
