import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const INSIDE = 'SLIPWAY_TEST_NETWORK_LAB';

/** Addresses of the host that the tests in the lab take themselves to run on. */
export const HOST = {
  address: '10.77.0.1',
  address6: 'fd77::1',
  /** Its interface has no carrier. */
  idle: '10.88.0.1',
  /** In a range that belongs to no interface. */
  anywhere: '10.99.0.7',
} as const;

/** Addresses of another machine, which answers `the other machine` over HTTP at port 80 of each. */
export const OTHER = {
  address: '10.77.0.2',
  address6: 'fd77::2',
  metadata: ['169.254.169.254', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254'],
} as const;

const ANSWER = "require('node:http').createServer((_, answer) => answer.end('the other machine')).listen(80, '::')";

/** As the root of a user namespace: nothing of the machine's own network and files is touched. */
const SET_UP = `
mount -t tmpfs tmpfs /run
printf 'search lab.test\\nnameserver 127.0.0.1\\n' > /run/lab-resolv.conf
names=$(readlink -m /etc/resolv.conf)
mkdir -p "$(dirname "$names")"
[ -e "$names" ] || touch "$names"
mount --bind /run/lab-resolv.conf "$names"
echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
ip netns add other
ip link set lo up
ip link add near type veth peer name far netns other
ip addr add ${HOST.address}/24 dev near
ip addr add ${HOST.address6}/64 dev near nodad
ip link set near up
ip -n other addr add ${OTHER.address}/24 dev far
ip -n other addr add ${OTHER.address6}/64 dev far nodad
for address in ${OTHER.metadata.join(' ')}; do ip -n other addr add $address dev far; done
ip -n other link set far up
ip route add default via ${OTHER.address}
ip -6 route add default via ${OTHER.address6}
ip link add idle type veth peer name unplugged
ip addr add ${HOST.idle}/24 dev idle
ip link set idle up
ip route add local 10.99.0.0/24 dev lo
nsenter --net=/run/netns/other "$1" -e "$2" &
# Not as the last command: the first process of the namespace has to see to those whose parent was killed.
setpriv --inh-caps -all --ambient-caps -all "$1" --test "$3" && exit 0
exit 1
`;

/**
 * Tests of a file are run on a machine of their own, as far as they can see: with a network, another machine in it, a
 * list of processes, and `nameserver 127.0.0.1` in its `/etc/resolv.conf`. Needs no rights, and touches nothing outside.
 *
 * @returns whether this is the run in there; outside it stands as one test
 */
export function isInNetworkLab(file: string): boolean {
  if (process.env[INSIDE] !== undefined) return true;
  test('on a machine in a network of its own', async () => {
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const isRoot = process.getuid?.() === 0;
    const user = isRoot ? ['--map-root-user'] : ['--map-current-user', '--keep-caps'];
    const namespaces = ['--user', ...user, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const words = [...namespaces, '--', '/bin/sh', '-ec', SET_UP, 'sh', process.execPath, ANSWER, file];
    const path = `${environment.PATH}:/usr/sbin:/sbin`;
    const run = promisify(execFile)('unshare', words, { env: { ...environment, PATH: path, [INSIDE]: '1' } });
    const { stdout } = await run.catch((error: { stdout?: string; stderr?: string }) => {
      assert.fail(`${String(error)}\n${error.stdout}\n${error.stderr}`);
    });
    assert.match(stdout, /(?:pass|# pass) [1-9]/, stdout);
  });
  return false;
}
