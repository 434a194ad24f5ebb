import { readFile } from 'node:fs/promises';

/**
 * Every IPv4 address and range that the kernel takes as this host's own, or as a broadcast to it, as `address/length`.
 * From its routing tables: a list of interfaces leaves out those without a carrier, whose addresses answer all the same,
 * and ranges that belong to no interface.
 *
 * @throws Error where they cannot be read
 */
export async function readHostAddresses(): Promise<readonly string[]> {
  const addresses = parseRoutes(await readFile('/proc/net/fib_trie', 'utf8'));
  if (addresses.length === 0) throw new Error("'/proc/net/fib_trie' names no address of this host.");
  return addresses;
}

/** @param text the kernel's tables: under a line that names a table, lines with an address, each followed by its routes */
export function parseRoutes(text: string): readonly string[] {
  const found = new Set<string>();
  let [isLocal, address] = [false, ''];
  for (const line of text.split('\n')) {
    const [, table] = /^(\S.*):$/.exec(line) ?? [];
    // Others hold routes for packets that are marked, such as one for everything to a proxy of this host.
    if (table !== undefined) isLocal = table === 'Local';
    address = /\|-- (\S+)$/.exec(line)?.[1] ?? address;
    const [, length] = /^\s+\/(\d+) \S+ (?:LOCAL|BROADCAST)\b/.exec(line) ?? [];
    if (isLocal && length !== undefined) found.add(`${address}/${length}`);
  }
  return [...found];
}
