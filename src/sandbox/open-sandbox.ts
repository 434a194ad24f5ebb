import { type BubblewrapOptions, bubblewrapSandbox } from './bubblewrap.ts';
import { prepareControlGroups, sweepControlGroups } from './control-groups.ts';
import { isOnPath } from './is-on-path.ts';
import { noSandbox } from './no-sandbox.ts';
import type { Sandbox } from './sandbox.ts';

export const SANDBOX_KINDS = ['auto', 'bubblewrap', 'none'] as const;
export type SandboxKind = (typeof SANDBOX_KINDS)[number];

/** A sandbox, or why there is none: one sentence that says what to do. */
export type FoundSandbox = { readonly sandbox: Sandbox } | { readonly missing: string };

/** Finds the sandbox that an operator has asked for. With `auto`, none at all is never the answer. */
export async function openSandbox(kind: SandboxKind, options: BubblewrapOptions): Promise<FoundSandbox> {
  if (kind === 'none') return { sandbox: noSandbox() };
  for (const program of ['bwrap', 'prlimit']) {
    if (!(await isOnPath(program, options.path))) return { missing: missingProgram(program) };
  }
  await prepareControlGroups();
  await sweepControlGroups();
  return { sandbox: bubblewrapSandbox(options) };
}

function missingProgram(program: string): string {
  const install = program === 'bwrap' ? 'apt-get install bubblewrap' : 'apt-get install util-linux';
  return `Commands of a build need a sandbox, and '${program}' is not found on this server: install it ('${install}').`;
}
