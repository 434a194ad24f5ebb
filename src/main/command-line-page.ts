import { PassThrough } from 'node:stream';
import { Command, type Option } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { EXIT_CODES } from '../cli/exit-codes.ts';
import { COMMON_OPTIONS } from '../cli/remote-command.ts';
import { assembleProgram } from './assemble-program.ts';
import { addServeOptions } from './serve-options.ts';

/** The text of `docs/command-line.md`, made from the commands themselves. */
export function commandLinePage(): string {
  const program = assembleProgram(nowhere(), '');
  const commands = program.commands.flatMap((command) => leaves(command, 'slipway'));
  const remote = commands.find(({ command }) => command.options.some(isCommon));
  return [
    INTRODUCTION,
    '## Options of every command that calls a server',
    '',
    ...(remote === undefined ? [] : listOptions(remote.command.options.filter(isCommon))),
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.values(EXIT_CODES).map(({ code, meaning }) => `| ${code} | ${meaning} |`),
    '',
    ...commands.flatMap(({ command, path }) => section(command, path)),
  ].join('\n');
}

const INTRODUCTION = `# The command line

<!-- Generated from the commands by \`npm run fix\`; a test compares. -->

\`slipway serve\`, \`demo\`, \`doctor\`, \`admin-key\`, \`secrets\`, \`toolchain\`, \`backup\`, \`restore\` and \`migrate\` work on this
machine and take the settings of [configuration.md](configuration.md). All other commands speak HTTP to a server. They take its address and your
credentials from flags, else from \`SLIPWAY_URL\`, \`SLIPWAY_USERNAME\` and \`SLIPWAY_API_KEY\`, else from what
\`slipway login\` keeps in \`$XDG_CONFIG_HOME/slipway/credentials.json\`.

The result goes to standard output; progress, notes and errors go to standard error. With \`--json\` the result is the
JSON of the API, and an error is one line of JSON: \`{"errorCode", "errorMessage", "exitCode"}\`.
`;

interface Leaf {
  readonly command: Command;
  readonly path: string;
}

function leaves(command: Command, parent: string): Leaf[] {
  const path = `${parent} ${command.name()}`;
  return command.commands.length === 0 ? [{ command, path }] : command.commands.flatMap((leaf) => leaves(leaf, path));
}

function section(command: Command, path: string): string[] {
  const args = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  const hasSettings = command.options.some(({ long }) => long === '--config');
  const options = command.options.filter((option) => !isCommon(option));
  const ofSettings = new Set(addServeOptions(new Command()).options.map(({ long }) => long));
  const shown = hasSettings ? options.filter(({ long }) => !ofSettings.has(long)) : options;
  const note = hasSettings
    ? ['Takes `--json`, `--config <file>` and every flag of [configuration.md](configuration.md).', '']
    : [];
  const list = shown.length === 0 ? [] : [...listOptions(shown), ''];
  return [`## \`${[path, ...args].join(' ')}\``, '', `${capitalise(command.description())}.`, '', ...note, ...list];
}

function listOptions(options: readonly Option[]): string[] {
  const rows = options.map(({ flags, description, mandatory, defaultValueDescription }) => {
    const fallback = defaultValueDescription === undefined ? '' : ` (default: ${defaultValueDescription})`;
    return `| \`${flags}\` | ${description}${fallback}${mandatory ? '; required' : ''} |`;
  });
  return ['| option | meaning |', '|---|---|', ...rows];
}

function isCommon(option: Option): boolean {
  return option.helpGroupHeading === COMMON_OPTIONS;
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A world in which nothing is run. */
function nowhere(): Cli {
  return {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    variables: {},
    folder: '/',
    credentialsFile: '/',
    now: () => 0,
    newId: () => '',
    signal: AbortSignal.abort(),
  };
}
