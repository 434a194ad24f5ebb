import { access, constants, readFile } from 'node:fs/promises';
import { BuildFailure } from '../domain/failure.ts';
import { readHostAddresses } from './host-addresses.ts';
import { isOnPath } from './is-on-path.ts';

/** How a command's network is to be. */
export interface NetworkPlan {
  /** The network between the command and the program that carries its packets: `address/length`. */
  readonly range: string;
  /** Rules for `nft`. */
  readonly filter: string;
  /** What the command finds as `/etc/resolv.conf`. */
  readonly resolvConf: string;
}

/** Programs and the Debian packages they come from. */
const PROGRAMS = { slirp4netns: 'slirp4netns', nft: 'nftables', unshare: 'util-linux' } as const;

/** For examples in documents (RFC 5737), so that no machine should have them. One whose host has the first gets the other. */
const PREFIXES = ['198.51.100', '203.0.113'] as const;

/** Nobody's, or the surroundings of this host: link-local and metadata of clouds, multicast, broadcast. */
const NEVER = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  // Oracle's old metadata address and others of the IETF's.
  '192.0.0.0/24',
  // Metadata of Alibaba, and the agent of Azure that hands out secrets.
  '100.100.100.200/32',
  '168.63.129.16/32',
  '224.0.0.0/3',
] as const;

/**
 * Looks at this host: which addresses it has now and how it finds names.
 *
 * @param path where programs are looked for: a PATH
 * @throws BuildFailure `no-sandbox` where it has no means to give a network to a command
 */
export async function planNetwork(path: string): Promise<NetworkPlan> {
  for (const [program, name] of Object.entries(PROGRAMS)) {
    if (!(await isOnPath(program, path))) throw refusal(`'${program}' is not found: 'apt-get install ${name}'`);
  }
  await access('/dev/net/tun', constants.R_OK | constants.W_OK).catch((cause: unknown) => {
    throw refusal("'/dev/net/tun' cannot be opened: 'modprobe tun', or give it to the container", cause);
  });
  const addresses = await readHostAddresses().catch((cause: unknown) => {
    throw refusal("the addresses of this host cannot be read from '/proc/net/fib_trie'", cause);
  });
  const resolvConf = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  return makePlan(addresses, resolvConf);
}

/** @param resolvConf the host's own: where names are looked for, and not by whom, is taken over from it */
export function makePlan(addresses: readonly string[], resolvConf: string): NetworkPlan {
  const prefix = PREFIXES.find((one) => !addresses.some((address) => address.startsWith(`${one}.`))) ?? PREFIXES[0];
  const [range, nameserver] = [`${prefix}.0/24`, `${prefix}.3`];
  const options = resolvConf.split('\n').filter((line) => /^(?:search|domain|options)\s/.test(line));
  return {
    range,
    filter: filter(nameserver, [...NEVER, range, ...addresses]),
    resolvConf: [`nameserver ${nameserver}`, ...options, ''].join('\n'),
  };
}

/**
 * Holds for whatever leaves the namespace, by whichever route or interface: a command may bind a socket to an interface,
 * and what it then sends to 127.0.0.1 would be taken as sent to the host's. Refused at once, so that nobody waits.
 */
function filter(nameserver: string, refused: readonly string[]): string {
  return `table inet sandbox {
  set refused {
    type ipv4_addr
    flags interval
    auto-merge
    elements = { ${refused.join(', ')} }
  }
  chain output {
    type filter hook output priority filter; policy drop;
    oifname "lo" accept
    ip daddr ${nameserver} udp dport 53 accept
    ip daddr ${nameserver} tcp dport 53 accept
    ip daddr @refused reject with icmpx type admin-prohibited
    meta nfproto ipv4 accept
    reject with icmpx type admin-prohibited
  }
}
`;
}

function refusal(why: string, cause?: unknown): BuildFailure {
  const message = `The sandbox has no network on this server, since ${why}; or take 'network: true' out of slipway.yml.`;
  return new BuildFailure('no-sandbox', message, { cause });
}
