import { type Static, Type } from 'typebox';
import { quote, Refusal } from '../../domain/refusal.ts';
import { isWebhookSecret } from '../../webhooks/signatures.ts';
import { parseWebAddress, WEB_ADDRESS_ADVICE } from '../../webhooks/webhook-url.ts';
import type { TargetOptions } from '../deployment-target.ts';
import { parseOptions } from '../parse-options.ts';

export const WEBHOOK_OPTIONS = Type.Object({
  url: Type.String({ maxLength: 2000 }),
  secret: Type.String({ writeOnly: true }),
  /** Seconds for which the link to a package is good. */
  linkTtl: Type.Optional(Type.Integer({ minimum: 60, maximum: 7 * 24 * 60 * 60 })),
});
const DEFAULT_LINK_TTL_SECONDS = 3600;

export type WebhookOptions = Required<Static<typeof WEBHOOK_OPTIONS>>;

/** Where orders go, what signs them and their reports, and how long their links are good. @throws Refusal INVALID_PARAMETERS */
export function parseWebhookOptions(given: TargetOptions, former: TargetOptions | undefined): WebhookOptions {
  const { url, secret, linkTtl = DEFAULT_LINK_TTL_SECONDS } = parseOptions(WEBHOOK_OPTIONS, given, former);
  if (parseWebAddress(url) === undefined) {
    throw new Refusal('INVALID_PARAMETERS', `The option url is ${quote(url)}: ${WEB_ADDRESS_ADVICE}`);
  }
  if (!isWebhookSecret(secret)) {
    const advice = 'make one with: echo "whsec_$(openssl rand -base64 32)"';
    throw new Refusal('INVALID_PARAMETERS', `The option secret must be whsec_ and 24 to 64 bytes in base64: ${advice}`);
  }
  return { url, secret, linkTtl };
}
