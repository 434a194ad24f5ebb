import type { LinkSigner } from '../http/link-signer.ts';
import type { LinkToPackage } from '../operations/describe-for-targets.ts';

/** Links for those who were not asked for: what they reach the server under has to be configured. */
export function linkToPackages({
  links,
  publicUrl,
  clock,
}: {
  readonly links: LinkSigner;
  readonly publicUrl: string | undefined;
  readonly clock: () => number;
}): LinkToPackage {
  return (target, ttlSeconds) => publicUrl && publicUrl + links.sign(target, Math.floor(clock() / 1000) + ttlSeconds);
}
