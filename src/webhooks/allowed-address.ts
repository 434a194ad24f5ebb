import ipaddr from 'ipaddr.js';

/**
 * Whether a webhook may reach an address: one of the public internet, or one that the operator allows. Loopback,
 * link-local, private, shared, reserved and multicast addresses are none, nor are IPv6 addresses that only wrap another
 * one, as those of NAT64 and 6to4; one that is mapped from IPv4 is taken for what it is mapped from.
 *
 * @param address as a name server or a literal has it
 * @param networks addresses, and networks such as `10.0.0.0/8`, that are allowed too
 */
export function isAllowedAddress(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return isPublic(parsed) || networks.some((network) => contains(network, parsed));
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** What is public by its number, but the host's own in a cloud: Azure serves its machines from there. */
const CLOUD_ADDRESSES = ['168.63.129.16'];
/** All that is given out of IPv6: what lies outside has no use on the internet. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast' || CLOUD_ADDRESSES.includes(address.toString())) return false;
  return address.kind() === 'ipv4' || address.match(GLOBAL_IPV6);
}

function contains(network: string, address: Address): boolean {
  const [base, bits] = network.includes('/') ? ipaddr.parseCIDR(network) : single(network);
  return base.kind() === address.kind() && address.match(base, bits);
}

function single(text: string): [Address, number] {
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
