import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { onOneLine } from '../../domain/on-one-line.ts';
import type { ErrorCode } from '../../protocol/error-codes.ts';
import { TARGET_CODES, type TargetCall } from '../../protocol/target-codes.ts';
import { DeploymentFailure } from '../deployment-target.ts';

const ERROR = Type.Object({ errorCode: Type.Optional(Type.String()), errorMessage: Type.Optional(Type.String()) });
const LONGEST_MESSAGE = 500;

/**
 * What a system that deploys says went wrong.
 *
 * @param said its `errorCode` counts where it is a documented one of the call
 * @param otherwise the sentence where it gives none
 */
export function reportedFailure(call: TargetCall, said: unknown, otherwise: string): DeploymentFailure {
  const { errorCode, errorMessage } = Check(ERROR, said) ? said : {};
  const codes: readonly ErrorCode[] = TARGET_CODES[call];
  const code = codes.find((known) => known === errorCode);
  return new DeploymentFailure(onOneLine(errorMessage ?? '', LONGEST_MESSAGE) || otherwise, { code });
}
