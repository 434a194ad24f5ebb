import { type BubblewrapOptions, bubblewrapSandbox } from './bubblewrap.ts';
import { type ContainerOptions, containerSandbox } from './container/container.ts';
import { type EngineOptions, openEngine } from './container/engine.ts';
import { prepareControlGroups, sweepControlGroups } from './control-groups.ts';
import { isOnPath } from './is-on-path.ts';
import { noSandbox } from './no-sandbox.ts';
import type { Sandbox } from './sandbox.ts';

export const SANDBOX_KINDS = ['auto', 'bubblewrap', 'container', 'none'] as const;
export type SandboxKind = (typeof SANDBOX_KINDS)[number];

/** What a container sandbox has to know. */
export type ContainerSettings = Omit<EngineOptions, 'path'> & Omit<ContainerOptions, 'hidden'>;

export interface SandboxOptions extends BubblewrapOptions {
  readonly containers?: ContainerSettings;
}

/** A sandbox, or why there is none: one sentence that says what to do. */
export type FoundSandbox = { readonly sandbox: Sandbox } | { readonly missing: string };

/** Finds the sandbox that an operator has asked for. With `auto`, none at all is never the answer. */
export async function openSandbox(kind: SandboxKind, options: SandboxOptions): Promise<FoundSandbox> {
  if (kind === 'none') return { sandbox: noSandbox() };
  if (kind === 'container') return await openContainers(options);
  for (const program of ['bwrap', 'prlimit']) {
    if (!(await isOnPath(program, options.path))) return { missing: missingProgram(program) };
  }
  await prepareControlGroups();
  await sweepControlGroups();
  return { sandbox: bubblewrapSandbox(options) };
}

async function openContainers({ path, hidden, containers }: SandboxOptions): Promise<FoundSandbox> {
  if (containers === undefined) return { missing: 'The container sandbox has not been set up on this server.' };
  const engine = await openEngine({ ...containers, path });
  if (typeof engine === 'string') return { missing: engine };
  return { sandbox: containerSandbox(engine, { ...containers, hidden }) };
}

function missingProgram(program: string): string {
  const install = program === 'bwrap' ? 'apt-get install bubblewrap' : 'apt-get install util-linux';
  return `Commands of a build need a sandbox, and '${program}' is not found on this server: install it ('${install}').`;
}
