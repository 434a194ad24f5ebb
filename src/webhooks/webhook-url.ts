import { isIP } from 'node:net';
import { quote, Refusal } from '../domain/refusal.ts';
import { isAllowedAddress } from './allowed-address.ts';

const LONGEST_URL = 2000;

/**
 * The url of a webhook, as it was given. Names are not looked up here: the addresses that they have are checked whenever
 * a message is sent.
 *
 * @param networks what the operator allows beside the public internet, as `isAllowedAddress` takes it
 * @throws Refusal INVALID_PARAMETERS for what is no address of the web, and for one that leads nowhere a webhook may reach
 */
export function parseWebhookUrl(text: string, networks: readonly string[]): string {
  const url = parseWebAddress(text);
  if (url === undefined) throw new Refusal('INVALID_PARAMETERS', `The url is ${quote(text)}: ${WEB_ADDRESS_ADVICE}`);
  const address = literalAddress(url);
  if (address !== undefined && !isAllowedAddress(address, networks)) {
    const advice = 'give one on the internet, or have the operator allow this one with SLIPWAY_WEBHOOK_NETWORKS.';
    throw new Refusal('INVALID_PARAMETERS', `The url leads to ${address}, which webhooks may not reach: ${advice}`);
  }
  return text;
}

/** Continues a sentence about what is no address of the web. */
export const WEB_ADDRESS_ADVICE =
  'give one that begins with http:// or https://, without blanks, a user name, a password or a fragment.';

/** @returns undefined for anything but an http or https URL, and where it has blanks, credentials or a fragment */
export function parseWebAddress(text: string): URL | undefined {
  const url = URL.parse(text);
  if (/[\s\p{C}]/u.test(text) || text.length > LONGEST_URL) return undefined;
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  return url.username === '' && url.password === '' && url.hash === '' ? url : undefined;
}

/**
 * The host of a URL without the brackets of IPv6. However an IPv4 address was spelled, `URL` has made four decimal numbers
 * of it.
 */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** @returns undefined for a name that has to be looked up */
function literalAddress(url: URL): string | undefined {
  const host = hostOf(url);
  if (/(^|\.)localhost\.?$/.test(host)) return '127.0.0.1';
  return isIP(host) === 0 ? undefined : host;
}
