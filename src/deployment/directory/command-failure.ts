import { TARGET_CODES, type TargetCall } from '../../protocol/target-codes.ts';
import { DeploymentFailure } from '../deployment-target.ts';
import type { CommandOutcome } from './run-command.ts';

const MOST_WORDS = 1000;
const CODE_LINE = /^errorCode=(.+)$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: programs colour what they write
const NOT_TEXT = /\x1b\[[0-9;]*[A-Za-z]|[^\P{C}\n]/gu;

/**
 * What a command could not do: how it ended and what it said last. It may say which documented code fits, with a last
 * line such as `errorCode=DB_SYNC_FAILED`.
 */
export function commandFailure(call: TargetCall, { code, signal, output }: CommandOutcome): DeploymentFailure {
  const lines = output
    .replace(NOT_TEXT, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const said = CODE_LINE.exec(lines.at(-1) ?? '')?.[1];
  const known = TARGET_CODES[call].find((one) => one === said);
  if (known !== undefined) lines.pop();
  const words = lines.join(' | ');
  const last = words.length > MOST_WORDS ? `…${words.slice(-MOST_WORDS)}` : words;
  const how = signal === undefined ? `ended with ${code}` : `was ended by ${signal}`;
  const message = `its ${call} command ${how}${last === '' ? '' : `, and last said '${last}'`}.`;
  return new DeploymentFailure(message, { code: known });
}
