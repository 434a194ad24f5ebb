import { type Command, Option } from 'commander';
import type { WirePackage } from '../protocol/package.ts';
import type { Cli } from './cli.ts';
import { colorStatus, describePackage } from './describe-package.ts';
import { downloadPackage } from './download-package.ts';
import { formatRelative, formatSize } from './human-text.ts';
import { formatTable, print } from './output.ts';
import { addPruneCommand } from './prune-packages.ts';
import { parseCount, parseDurationOption } from './quantities.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';
import { type UploadOptions, uploadPackage } from './upload-package.ts';

interface ListOptions extends RemoteOptions {
  readonly limit?: number;
}

interface DownloadOptions extends RemoteOptions {
  readonly output?: string;
}

/** `slipway package list|show|upload|download|delete|pin|unpin|prune` */
export function addPackageCommand(program: Command, cli: Cli): void {
  const command = program
    .command('package')
    .description('list, show, upload, download, pin, delete and prune packages');
  remoteCommand(command, 'list <app>', 'list the packages of an app, newest first')
    .option('--limit <number>', 'how many at most', parseCount)
    .action((app: string, options: ListOptions) => listPackages(cli, app, options));
  remoteCommand(
    command,
    'show <app> <package-id>',
    'show a package, with a download link where it has its file',
  ).action((app: string, id: string, options: RemoteOptions) => showPackage(cli, app, id, options));
  remoteCommand(command, 'upload <app> <file>', 'upload a package that was built elsewhere, and print it')
    .option('--name <name>', 'name of the package (default: that of the file)')
    .option('--description <text>', 'description of the package')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait at most until it was checked')
        .argParser(parseDurationOption)
        .default(3_600_000, '1h'),
    )
    .action((app: string, file: string, options: UploadOptions) => uploadPackage(cli, app, file, options));
  remoteCommand(command, 'download <app> <package-id>', 'download the file of a package and verify it')
    .option('-o, --output <file>', 'where to (default: the name of the package, in the current folder)')
    .action((app: string, id: string, options: DownloadOptions) => downloadPackage(cli, app, id, options));
  remoteCommand(command, 'delete <app> <package-id>', 'delete a package and its file').action(
    (app: string, id: string, options: RemoteOptions) => deletePackage(cli, app, id, options),
  );
  remoteCommand(command, 'pin <app> <package-id>', 'keep a package until it is unpinned').action(
    async (app: string, id: string, options: RemoteOptions) => {
      const answer = await (await openClient(cli, options)).pinPackage(app, id);
      print(cli, options, answer, () => `Pinned the package ${id}.`);
    },
  );
  remoteCommand(command, 'unpin <app> <package-id>', 'keep a package no longer than anything else keeps it').action(
    async (app: string, id: string, options: RemoteOptions) => {
      const answer = await (await openClient(cli, options)).unpinPackage(app, id);
      print(cli, options, answer, () => `Unpinned the package ${id}.`);
    },
  );
  addPruneCommand(command, cli);
}

async function listPackages(cli: Cli, app: string, options: ListOptions): Promise<void> {
  const packages = (await (await openClient(cli, options)).listPackages(app)).slice(0, options.limit);
  print(cli, options, packages, () =>
    formatTable(
      ['name', 'status', 'size', 'created', 'creator', 'package id'],
      packages.map((found) => describeRow(cli, found)),
      `${app} has no packages. Build one with 'slipway build start ${app} --revision <rev> --version <x.y.z>'.`,
    ),
  );
}

async function showPackage(cli: Cli, app: string, id: string, options: RemoteOptions): Promise<void> {
  const found = await (await openClient(cli, options)).getPackage(app, id, { url: true });
  print(cli, options, found, () => describePackage(cli, found));
}

async function deletePackage(cli: Cli, app: string, id: string, options: RemoteOptions): Promise<void> {
  const answer = await (await openClient(cli, options)).deletePackage(app, id);
  print(cli, options, answer, () => `Deleted the package ${id}.`);
}

function describeRow(cli: Cli, found: WirePackage): string[] {
  const size = found.Status === 'Succeeded' ? formatSize(found.Size) : '';
  const created = formatRelative(found.CreationDate, cli.now());
  return [found.Name, colorStatus(cli, found.Status), size, created, found.Creator, found.PackageId];
}
