import { Command, CommanderError } from 'commander';
import { ClientError } from '../protocol/client-error.ts';
import { addAppCommand } from './app-command.ts';
import { addAuditCommand } from './audit-command.ts';
import { addBuildCommand } from './build-command.ts';
import type { Cli } from './cli.ts';
import { addEnvironmentCommand } from './environment-command.ts';
import { EXIT_CODES, exitReason } from './exit-codes.ts';
import { addKeyCommand } from './key-command.ts';
import { addLoginCommand } from './login-command.ts';
import { addPackageCommand } from './package-command.ts';
import { addPushCommand } from './push-command.ts';
import { COMMON_OPTIONS } from './remote-command.ts';
import { addRightsCommands } from './rights-commands.ts';
import { addUserCommand } from './user-command.ts';
import { addWebhookCommand } from './webhook-command.ts';

/**
 * The command line of Slipway. One file per command; each turns options into calls of `protocol/client.ts` and answers
 * into text or JSON. It knows the server by its wire alone, and reads neither the environment nor the arguments itself.
 *
 * Invariant: standard output holds the result and nothing else; progress, notes and errors go to standard error.
 */
export function createProgram(cli: Cli, version: string): Command {
  const program = new Command('slipway')
    .description('The build server you own, compatible with the Mendix Build API.')
    .version(version)
    .addHelpText('after', `\n${describeExitCodes()}`);
  return settle(program, cli);
}

/** Adds the commands that call a server. */
export function addRemoteCommands(program: Command, cli: Cli): void {
  addLoginCommand(program, cli);
  addAppCommand(program, cli);
  addUserCommand(program, cli);
  addKeyCommand(program, cli);
  addRightsCommands(program, cli);
  addBuildCommand(program, cli);
  addPackageCommand(program, cli);
  addEnvironmentCommand(program, cli);
  addPushCommand(program, cli);
  addWebhookCommand(program, cli);
  addAuditCommand(program, cli);
}

/**
 * Runs the command that the arguments name and reports what went wrong, as text or as JSON.
 *
 * @param args without the names of the program
 * @returns the exit code
 */
export async function runProgram(program: Command, args: readonly string[], cli: Cli): Promise<number> {
  try {
    await program.parseAsync([...args], { from: 'user' });
    return EXIT_CODES.ok.code;
  } catch (error) {
    const reason = cli.signal.aborted
      ? 'interrupted'
      : error instanceof CommanderError
        ? usage(error)
        : exitReason(error);
    const { code } = EXIT_CODES[reason];
    if (reason !== 'ok' && reason !== 'interrupted' && !isHelp(error))
      report(cli, error, code, args.includes('--json'));
    return code;
  }
}

/** Subcommands inherit what is settled here: nothing exits behind our back, and errors are printed in one place. */
function settle(program: Command, cli: Cli): Command {
  return program
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureHelp({
      groupItems(_unsorted, visible, getGroup) {
        const groups = Map.groupBy(visible, getGroup);
        const common = groups.get(COMMON_OPTIONS);
        groups.delete(COMMON_OPTIONS);
        return common === undefined ? groups : groups.set(COMMON_OPTIONS, common);
      },
    })
    .configureOutput({
      writeOut: (text) => cli.stdout.write(text),
      writeErr: (text) => cli.stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => cli.stdout.columns || 100,
      getErrHelpWidth: () => cli.stderr.columns || 100,
    });
}

/** Help and version end commander with exit code 0. */
function usage(error: CommanderError): 'ok' | 'usage' {
  return error.exitCode === 0 ? 'ok' : 'usage';
}

/** Help was printed because a subcommand is missing. */
function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.code === 'commander.help';
}

function report(cli: Cli, error: unknown, exitCode: number, json: boolean): void {
  const errorCode = readCode(error);
  const errorMessage = readMessage(error);
  const text = json
    ? JSON.stringify({ errorCode, errorMessage, exitCode })
    : `${errorMessage}${isExpected(error) ? '' : `\n${error instanceof Error ? error.stack : ''}`}`;
  cli.stderr.write(`${text}\n`);
}

function readCode(error: unknown): string {
  if (error instanceof CommanderError) return 'USAGE';
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNEXPECTED';
}

function readMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ClientError && error.code === 'UNREACHABLE') return `${message} ${UNREACHABLE_ADVICE}`;
  return error instanceof CommanderError ? message.replace(/^error: /, '') : message;
}

const UNREACHABLE_ADVICE = "See that it runs, or give another address with --url, SLIPWAY_URL or 'slipway login'.";

/** A bug is reported with its stack; what is known to happen is not. */
function isExpected(error: unknown): boolean {
  return (
    error instanceof CommanderError || exitReason(error) !== 'unexpected' || (error instanceof Error && 'code' in error)
  );
}

export function describeExitCodes(): string {
  const rows = Object.values(EXIT_CODES).map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
  return `Exit codes:\n${rows.join('\n')}`;
}
