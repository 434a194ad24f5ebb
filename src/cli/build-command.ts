import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import type { Client } from '../protocol/client.ts';
import type { WirePackage } from '../protocol/package.ts';
import type { Cli } from './cli.ts';
import { describePackage } from './describe-package.ts';
import { CommandFailure } from './exit-codes.ts';
import { print } from './output.ts';
import { openProgress } from './progress.ts';
import { parseDurationOption } from './quantities.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';
import { type Watch, watchBuild } from './watch-build.ts';

interface WaitOptions extends RemoteOptions {
  readonly follow?: boolean;
  readonly timeout: number;
}

interface StartOptions extends WaitOptions {
  readonly revision: string;
  readonly version: string;
  readonly branch?: string;
  readonly description?: string;
  readonly wait?: boolean;
}

const timeoutOption = () =>
  new Option('--timeout <duration>', 'how long to wait at most')
    .argParser(parseDurationOption)
    .default(3_600_000, '1h');

/** `slipway build start|wait|log|cancel` */
export function addBuildCommand(program: Command, cli: Cli): void {
  const build = program.command('build').description('start builds, wait for them, read their log, cancel them');
  remoteCommand(build, 'start <app>', 'start a build; prints its PackageId')
    .requiredOption('--revision <revision>', 'short or full commit hash, or the integer of a revision')
    .requiredOption('--version <version>', 'version of the package: three dotted integers')
    .option('--branch <branch>', 'name of the branch (default: the main line)')
    .option('--description <text>', 'description of the package')
    .option('--wait', 'wait until the build has ended, and print the package')
    .option('--follow', 'the same, and show the log meanwhile')
    .addOption(timeoutOption())
    .action((app: string, options: StartOptions) => startBuild(cli, app, options));
  remoteCommand(build, 'wait <app> <package-id>', 'wait until a build has ended, and print the package')
    .option('--follow', 'show the log meanwhile')
    .addOption(timeoutOption())
    .action((app: string, id: string, options: WaitOptions) => waitForBuild(cli, app, id, options));
  remoteCommand(build, 'log <app> <package-id>', 'print the log of a build')
    .option('--follow', 'go on until the build has ended')
    .action((app: string, id: string, options: RemoteOptions & { follow?: boolean }) => showLog(cli, app, id, options));
  remoteCommand(build, 'cancel <app> <package-id>', 'cancel a build that has not ended').action(
    (app: string, id: string, options: RemoteOptions) => cancelBuild(cli, app, id, options),
  );
}

async function startBuild(cli: Cli, app: string, options: StartOptions): Promise<void> {
  const client = await openClient(cli, options);
  const request = {
    Revision: options.revision,
    Version: options.version,
    ...(options.branch === undefined ? {} : { Branch: options.branch }),
    ...(options.description === undefined ? {} : { Description: options.description }),
  };
  const started = await showWaiting(cli, client.startBuild(app, request, cli.newId()));
  if (options.wait === true || options.follow === true) {
    await awaitEnd(cli, client, { ...watchOf(app, started.PackageId, options), hasAnswered: true }, options);
  } else {
    print(cli, options, started, () => started.PackageId);
  }
}

/** Says on a terminal why there may be no answer for a while. */
async function showWaiting<T>(cli: Cli, answer: Promise<T>): Promise<T> {
  const progress = openProgress(cli);
  const timer = setInterval(
    () => progress.show('Waiting for the server: the first build fetches the repository'),
    1000,
  );
  try {
    return await answer;
  } finally {
    clearInterval(timer);
    progress.clear();
  }
}

async function waitForBuild(cli: Cli, app: string, id: string, options: WaitOptions): Promise<void> {
  await awaitEnd(cli, await openClient(cli, options), { ...watchOf(app, id, options), hasAnswered: false }, options);
}

function watchOf(app: string, packageId: string, { timeout, follow }: WaitOptions): Omit<Watch, 'hasAnswered'> {
  return { app, packageId, timeoutMs: timeout, follow: follow === true };
}

/** @throws CommandFailure `buildFailed`, once the package is printed */
async function awaitEnd(cli: Cli, client: Client, watch: Watch, options: WaitOptions): Promise<void> {
  const ended = await watchBuild(cli, client, watch);
  const { app, packageId } = watch;
  const found = ended.Status === 'Succeeded' ? await client.getPackage(app, packageId, { url: true }) : ended;
  print(cli, options, found, () => describePackage(cli, found));
  if (found.Status === 'Failed') throw new CommandFailure('buildFailed', 'BUILD_NOT_SUCCEEDED', describeFailure(found));
}

async function showLog(
  cli: Cli,
  app: string,
  id: string,
  options: RemoteOptions & { follow?: boolean },
): Promise<void> {
  const client = await openClient(cli, options);
  if (options.json === true || options.follow === true) {
    for await (const event of client.followPackage(app, id)) {
      if (event.type === 'log')
        writeLine(cli, options.json === true ? JSON.stringify({ Line: event.line }) : event.line);
      else if (options.json === true) writeLine(cli, JSON.stringify({ Package: event.package }));
    }
  } else {
    await pipeline(await client.readLog(app, id), cli.stdout, { end: false, signal: cli.signal });
  }
}

async function cancelBuild(cli: Cli, app: string, id: string, options: RemoteOptions): Promise<void> {
  const answer = await (await openClient(cli, options)).cancelBuild(app, id);
  print(cli, options, answer, () => `Canceled the build ${id}.`);
}

function writeLine(cli: Cli, line: string): void {
  cli.stdout.write(`${line}\n`);
}

function describeFailure(found: WirePackage): string {
  return `The build of ${found.Name} failed: ${found.StatusReason ?? 'no reason was given.'}`;
}
