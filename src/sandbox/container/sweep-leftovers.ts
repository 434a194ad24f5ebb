import { type EngineOptions, findEngineProgram } from './engine.ts';
import { removeContainers } from './remove-container.ts';
import { OWNER_LABEL } from './run-arguments.ts';
import { runEngine } from './run-engine.ts';

const LIST_MS = 30_000;

/**
 * Removes the containers that an earlier server with this owner has left. To be called before the first command. An
 * engine that is not there or does not answer is nothing to worry about yet.
 */
export async function sweepLeftovers({ owner, ...options }: EngineOptions & { readonly owner: string }): Promise<void> {
  try {
    const program = await findEngineProgram(options);
    if (typeof program === 'string') return;
    const argv = ['ps', '--all', '--quiet', '--no-trunc', `--filter=label=${OWNER_LABEL}=${owner}`];
    const { output } = await runEngine(program, argv, AbortSignal.timeout(LIST_MS));
    const ids = output.split('\n').filter((line) => line !== '');
    if (ids.length > 0) await removeContainers(program, ids);
  } catch {
    // The first build that needs it says what is wrong.
  }
}
