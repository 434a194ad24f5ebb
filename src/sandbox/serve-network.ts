import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex, Readable } from 'node:stream';
import { BuildFailure } from '../domain/failure.ts';
import { killGroup } from './supervise.ts';

/** The file descriptor over which a command that wants the network is held back. */
export const GATE_FD = 5;

const READY_FD = 3;
const EXIT_FD = 4;
const MOST_SAID_BYTES = 1_000;

/** Each connection is an open file, and takes up to 256 KiB of memory. */
const MOST_CONNECTIONS = 1024;

/**
 * What starts a command in a network namespace of its own. The namespace belongs to a user namespace around the
 * command's, so that the command has no rights over it. Standard input is the filter: first it holds, then there is a
 * network, then the command starts. Where anything goes wrong in between, it does not.
 */
export const IN_NETWORK: readonly string[] = [
  ...['unshare', '--user', '--map-root-user', '--net', '--', '/bin/sh', '-ec'],
  `nft -f -; exec < /dev/null; echo filtered >&${GATE_FD}; read -r line <&${GATE_FD}; exec ${GATE_FD}>&-; exec "$@"`,
  'sh',
];

export interface NetworkOptions {
  /** Of {@link NetworkPlan}. */
  readonly range: string;
  /** What starts a program with the limits of the command, in front of its name. */
  readonly limited: readonly [string, ...string[]];
  /** Where programs are looked for: a PATH. */
  readonly path: string;
}

/**
 * Carries the packets of a command as long as it lives: as those of a process of this host, so that the command reaches
 * what the host reaches, less what the filter refuses.
 *
 * @param child was started with {@link IN_NETWORK}; it is killed where there is no network for it
 * @returns once nothing of the network is left
 * @throws BuildFailure `no-sandbox` where the network could not be set up
 */
export async function serveNetwork(child: ChildProcess, options: NetworkOptions): Promise<void> {
  const gate = child.stdio.at(GATE_FD) as Duplex;
  gate.on('error', () => undefined);
  // Where there is no namespace, nothing was started in it, and what was wrong is in the output.
  if (!(await saysSomething(gate))) return;
  const carrier = startCarrier(child, options);
  const said = readTail(carrier.stdio[1] as Readable);
  // `close` comes in every case, also after an error.
  const closed = once(carrier, 'close').catch(() => undefined);
  const end = () => killGroup(carrier);
  child.once('exit', end);
  if (child.exitCode !== null || child.signalCode !== null) end();
  const isReady = await saysSomething(carrier.stdio[READY_FD] as Readable);
  if (isReady) gate.end('ready\n');
  else killGroup(child);
  await closed;
  if (!isReady) throw notConnected(await said);
}

function startCarrier(child: ChildProcess, { range, limited, path }: NetworkOptions): ChildProcess {
  const [program, ...words] = limited;
  const told = [
    ...['--configure', '--mtu=65520', `--cidr=${range}`, '--disable-host-loopback'],
    ...['--enable-sandbox', '--enable-seccomp', `--ready-fd=${READY_FD}`, `--exit-fd=${EXIT_FD}`],
  ];
  const bounded = ['prlimit', '--core=0:0', `--nofile=${MOST_CONNECTIONS}:${MOST_CONNECTIONS}`, '--', 'slirp4netns'];
  return spawn(program, [...words, ...bounded, ...told, `${child.pid}`, 'tap0'], {
    cwd: '/',
    env: { PATH: path },
    // The last of them closes with this process, however it ends, and that is the end of the other.
    stdio: ['ignore', 'pipe', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

/** @returns false where it is closed instead */
async function saysSomething(stream: Readable): Promise<boolean> {
  try {
    for await (const _ of stream.iterator({ destroyOnReturn: false })) return true;
  } catch {
    // Whoever held the other end was killed.
  }
  return false;
}

async function readTail(stream: Readable): Promise<string> {
  let text = '';
  try {
    for await (const chunk of stream) text = `${text}${String(chunk)}`.slice(-MOST_SAID_BYTES);
  } catch {
    // It was killed.
  }
  return text;
}

function notConnected(said: string): BuildFailure {
  const lines = said.split('\n').filter((line) => line !== '');
  const message = `The sandbox could not be given a network: slirp4netns said '${lines.at(-1) ?? 'nothing'}'; 'slipway doctor' tries it out.`;
  return new BuildFailure('no-sandbox', message);
}
