import { EXIT_CODES, exitReason } from '../cli/exit-codes.ts';
import { FAILURE_CODES } from '../domain/failure.ts';
import { ClientError } from '../protocol/client-error.ts';
import { ERROR_CODES, type ErrorCode } from '../protocol/error-codes.ts';

/** The text of `docs/errors.md`, made from the table of error codes and that of failure reasons. */
export function errorsPage(): string {
  return [
    INTRODUCTION,
    '| code | status | same request again | exit code | meaning |',
    '|---|---|---|---|---|',
    ...Object.keys(ERROR_CODES).filter(isErrorCode).map(errorRow),
    '',
    FAILURES,
    '| reason | who can mend it | the same build again | meaning |',
    '|---|---|---|---|',
    ...Object.entries(FAILURE_CODES).map(
      ([code, { blame, retry, meaning }]) => `| \`${code}\` | ${blame} | ${again(retry)} | ${meaning} |`,
    ),
    '',
  ].join('\n');
}

const INTRODUCTION = `# Error codes

<!-- Generated from src/protocol/error-codes.ts and src/domain/failure.ts by \`npm run fix\`; a test compares. -->

Every error of the API is a JSON object with two fields, \`errorCode\` and \`errorMessage\`, and the HTTP status of the
table. The code is for programs and does not change. The message is for people: it names the value and what to do, and
may be worded better any time; the meaning below is what stands there when nothing more precise is known.

The exit code is the one of the \`slipway\` command when the server gives it this answer; all of them are listed in
[command-line.md](command-line.md#exit-codes).
`;

const FAILURES = `## Why a build did not succeed

A build that was accepted and then fails is no error of a call. Its package becomes \`Failed\`, says why in one sentence
in \`StatusReason\`, and keeps its log. The reasons are these. What a worker met stands under the same name in the
[metrics](running.md#metrics-and-health), as the label \`outcome\`.
`;

function errorRow(code: ErrorCode): string {
  const { status, retryable, message } = ERROR_CODES[code];
  const reason = exitReason(new ClientError(code, message, { status }));
  return `| \`${code}\` | ${status} | ${again(retryable)} | ${EXIT_CODES[reason].code} | ${message} |`;
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}

function again(mayHelp: boolean): string {
  return mayHelp ? 'may help' : 'does not help';
}
