import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSandbox, type SandboxKind } from '../sandbox/open-sandbox.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Finding } from './finding.ts';

const MIB = 1024 * 1024;

/**
 * Runs commands where those of `slipway.yml` would run, without a network and with one.
 *
 * @param path where programs are looked for: a PATH
 */
export async function checkSandbox(kind: SandboxKind, path: string): Promise<readonly Finding[]> {
  if (kind === 'none') {
    const advice =
      'Commands of slipway.yml may read and write everything that Slipway may: use it where all are trusted.';
    return [{ name: 'bubblewrap', state: 'note', found: 'not used, since the sandbox is none', advice }];
  }
  const found = await openSandbox(kind, { path, hidden: [] });
  const wrong = 'missing' in found ? found.missing : await tryOut(found.sandbox, false);
  if ('missing' in found || wrong !== undefined) {
    const advice = `Only needed to build apps with a slipway.yml. ${wrong}`;
    return [{ name: 'bubblewrap', state: 'note', found: 'cannot be used', advice }];
  }
  return [{ name: 'bubblewrap', state: 'ok', found: 'runs a command' }, await checkNetwork(found.sandbox)];
}

async function checkNetwork(sandbox: Sandbox): Promise<Finding> {
  const wrong = await tryOut(sandbox, true);
  if (wrong === undefined) return { name: 'build network', state: 'ok', found: 'leads past this host' };
  const advice = `Only needed to build apps whose slipway.yml says 'network: true'. ${wrong}`;
  return { name: 'build network', state: 'note', found: 'cannot be had', advice };
}

/** @returns what went wrong */
async function tryOut(sandbox: Sandbox, network: boolean): Promise<string | undefined> {
  const room = await mkdtemp(join(tmpdir(), 'slipway-doctor-'));
  const said: Uint8Array[] = [];
  try {
    await sandbox.run({
      argv: ['true'],
      room,
      environment: { PATH: '/usr/bin:/bin' },
      network,
      readOnly: [],
      writable: [],
      limits: { processes: 100, memoryBytes: 256 * MIB, fileBytes: MIB, diskBytes: MIB, timeMs: 10_000 },
      onOutput: (chunk) => void said.push(chunk),
      signal: new AbortController().signal,
    });
    return undefined;
  } catch (error) {
    return `${Buffer.concat(said).toString().trim()} ${error instanceof Error ? error.message : String(error)}`.trim();
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}
