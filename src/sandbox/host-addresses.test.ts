import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { parseRoutes, readHostAddresses } from './host-addresses.ts';

/** As the kernel writes it, with a table for marked packets and a range that belongs to no interface. */
const TABLES = `Id 100:
  +-- 0.0.0.0/0 0 0 0
     |-- 0.0.0.0
        /0 host LOCAL
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.5.0.0/24 2 0 2
        |-- 10.5.0.0
           /16 host LOCAL
           /24 link UNICAST
     |-- 10.6.0.1
        /32 host LOCAL tos=8
     |-- 10.6.0.255
        /32 link BROADCAST
`;

test('addresses of the host are those of its local table, broadcasts to it included', () => {
  assert.deepEqual(parseRoutes(TABLES), ['10.5.0.0/16', '10.6.0.1/32', '10.6.0.255/32']);
  assert.deepEqual(parseRoutes(''), []);
});

test('every interface of this host is among its addresses, and loopback as a whole', async () => {
  const addresses = await readHostAddresses();
  assert.ok(addresses.includes('127.0.0.0/8'));
  for (const { address, family } of Object.values(networkInterfaces()).flatMap((interfaces) => interfaces ?? [])) {
    if (family === 'IPv4') assert.ok(addresses.includes(`${address}/32`), address);
  }
});
