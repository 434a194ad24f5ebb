import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Toolchains } from '../builders/mxbuild/toolchains.ts';
import type { Cli } from '../cli/cli.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { formatSize } from '../cli/human-text.ts';
import { formatTable, print } from '../cli/output.ts';
import { BuildFailure } from '../domain/failure.ts';
import { type MendixVersion, parseMendixVersion } from '../domain/mendix-version.ts';
import { quote } from '../domain/refusal.ts';
import { addServeOptions, readServeOptions, type ServeOptions } from './serve-options.ts';

/** `slipway toolchain list|add|remove`: the MxBuilds in a data folder. They may be changed while a server runs. */
export function addToolchainCommand(program: Command, cli: Cli): void {
  const toolchain = program.command('toolchain').description('list, add and remove the MxBuilds of this machine');
  addServeOptions(toolchain.command('list').description('list the versions that are here')).action(
    (options: ServeOptions) => listToolchains(cli, options),
  );
  addServeOptions(
    toolchain
      .command('add <archive>')
      .description('add an MxBuild from its archive, such as mxbuild-10.12.3.41523.tar.gz'),
  )
    .option('--mendix <version>', 'its version, where the name of the archive does not tell it')
    .action((archive: string, options: AddOptions) => addToolchain(cli, archive, options));
  addServeOptions(toolchain.command('remove <version>').description('remove an MxBuild')).action(
    (version: string, options: ServeOptions) => removeToolchain(cli, version, options),
  );
}

type AddOptions = ServeOptions & { readonly mendix?: string };

async function listToolchains(cli: Cli, options: ServeOptions): Promise<void> {
  const list = await (await open(cli, options)).list();
  const wire = list.map(({ version, sizeBytes }) => ({ Version: version, Size: sizeBytes }));
  print(cli, options, wire, () =>
    formatTable(
      ['version', 'size'],
      list.map(({ version, sizeBytes }) => [version, formatSize(sizeBytes)]),
      "There is no MxBuild. Add one with 'slipway toolchain add mxbuild-<version>.tar.gz'.",
    ),
  );
}

async function addToolchain(cli: Cli, archive: string, options: AddOptions): Promise<void> {
  const { mendix, ...others } = options;
  const version = readVersion(mendix ?? versionIn(archive) ?? refuseName(archive));
  const toolchains = await open(cli, others);
  const known = await toolchains.find(version);
  const folder = known ?? (await addOrExplain(toolchains, resolve(cli.folder, archive), version, cli.signal));
  print(cli, options, { Version: version, Folder: folder }, () =>
    known === undefined
      ? `Added MxBuild ${version} in ${folder}.`
      : `MxBuild ${version} is in ${folder} already, and stays as it is.`,
  );
}

async function addOrExplain(toolchains: Toolchains, archive: string, version: MendixVersion, signal: AbortSignal) {
  const { archiveFile } = await import('../builders/mxbuild/archive-file.ts');
  try {
    return await toolchains.add(archiveFile(archive), version, signal);
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error;
    throw new CommandFailure('checkFailed', 'NO_MXBUILD', error.message, { cause: error });
  }
}

async function removeToolchain(cli: Cli, text: string, options: ServeOptions): Promise<void> {
  const version = readVersion(text);
  if (!(await (await open(cli, options)).remove(version))) {
    throw new CommandFailure('refused', 'NO_TOOLCHAIN', `There is no MxBuild ${version} here.`);
  }
  print(cli, options, { Version: version }, () => `Removed MxBuild ${version}.`);
}

async function open(cli: Cli, options: ServeOptions) {
  const { dataFolder } = await readServeOptions(cli, options);
  const { openToolchains } = await import('../builders/mxbuild/toolchains.ts');
  return openToolchains({ folder: join(dataFolder, 'toolchains', 'mxbuild'), path: cli.variables.PATH ?? '' });
}

/** `mxbuild-10.12.3.41523.tar.gz`, with the `win-` or `arm64-` that some have before it. */
function versionIn(archive: string): string | undefined {
  return /mxbuild-(.+?)\.(?:tar\.gz|tgz|tar)$/i.exec(basename(archive))?.[1];
}

function refuseName(archive: string): never {
  const message = `The name ${quote(basename(archive))} does not tell the version of Mendix: give it with --mendix, such as --mendix 10.12.3.41523.`;
  throw new CommandFailure('usage', 'NO_VERSION', message);
}

function readVersion(text: string): MendixVersion {
  const version = parseMendixVersion(text);
  if (version !== undefined) return version;
  const message = `${quote(text)} is no version of Mendix: name one such as 10.12.3.41523.`;
  throw new CommandFailure('usage', 'NO_VERSION', message);
}
