import { DeploymentFailure } from '../deployment/deployment-target.ts';
import { Refusal } from '../domain/refusal.ts';
import type { ErrorCode } from '../protocol/error-codes.ts';

/**
 * Waits for a call of a target.
 *
 * @param refusal for what it could not do: the code, and the words before the reason
 * @throws Refusal with that code, or the one that the target gives; SHUTTING_DOWN when the server ends meanwhile
 */
export async function askTarget(
  call: Promise<void>,
  signal: AbortSignal,
  refusal: { readonly code: ErrorCode; readonly what: string },
): Promise<void> {
  try {
    await call;
  } catch (cause) {
    if (signal.aborted) throw new Refusal('SHUTTING_DOWN', undefined, { cause });
    if (!(cause instanceof DeploymentFailure)) throw cause;
    throw new Refusal(cause.code ?? refusal.code, `${refusal.what}: ${cause.message}`, { cause });
  }
}
