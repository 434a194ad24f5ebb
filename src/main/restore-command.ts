import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { formatSize } from '../cli/human-text.ts';
import { formatFields, print } from '../cli/output.ts';
import { openProgress } from '../cli/progress.ts';
import { describeKeysNeeded, describeLost } from './describe-backup.ts';
import type { RestoreReport, RestoreRequest, VerifiedBackup } from './restore-backup.ts';
import { addServeOptions, readServeOptions, type ServeOptions } from './serve-options.ts';

interface RestoreOptions extends ServeOptions {
  readonly packages?: string;
  readonly verify?: boolean;
  readonly withoutUnfinished?: boolean;
}

/** `slipway restore <file>`: a data folder from a backup. */
export function addRestoreCommand(program: Command, cli: Cli): void {
  const restore = program
    .command('restore <file>')
    .description('make a data folder from a backup: one that is not there yet, or is empty');
  addServeOptions(restore)
    .option('--packages <folder>', "the packages' files, for a backup that has their list alone")
    .option(
      '--without-unfinished',
      'let everything have failed that the server would go on with by itself, and webhooks rest',
    )
    .option('--verify', 'read the backup from end to end, say what is in it, and write nothing')
    .action((file: string, options: RestoreOptions) => restoreOrVerify(cli, file, options));
}

async function restoreOrVerify(cli: Cli, file: string, options: RestoreOptions): Promise<void> {
  const { packages, verify, withoutUnfinished = false, ...serveOptions } = options;
  const configuration = await readServeOptions(cli, serveOptions);
  const progress = openProgress(cli);
  const request: RestoreRequest = {
    file: resolve(cli.folder, file),
    dataFolder: configuration.dataFolder,
    s3: configuration.s3,
    packagesFolder: packages === undefined ? undefined : resolve(cli.folder, packages),
    endsUnfinished: withoutUnfinished,
    clock: cli.now,
    signal: cli.signal,
    onRead: (done, of) => progress.show(`Read ${formatSize(done)} of ${formatSize(of)}`),
    onRestored: (done, of) => progress.show(`Restored ${done} of ${of} packages`),
  };
  const { verifyBackup, restoreBackup } = await import('./restore-backup.ts');
  try {
    if (verify === true) {
      const verified = await verifyBackup(request);
      progress.clear();
      print(cli, options, verified, () => `${describeBackup(verified)}\n\nThe backup is whole.`);
      return;
    }
    const report = await restoreBackup(request);
    progress.clear();
    print(cli, options, report, () => describeRestored(report, request));
    refuseLoss(report);
  } catch (error) {
    progress.clear();
    const { explainRestore } = await import('./explain-backup.ts');
    throw explainRestore(error, request.file, request.dataFolder);
  }
}

/** @throws CommandFailure where packages are missing */
function refuseLoss({ Lost }: RestoreReport): void {
  if (Lost.length === 0) return;
  const message = `${Lost.length} of the packages have no sound file and were left out: see above. All else is restored.`;
  throw new CommandFailure('checkFailed', 'PACKAGES_LOST', message);
}

function describeBackup(backup: VerifiedBackup): string {
  const { Packages, PackageBytes, Mode, Lost } = backup;
  const packages = `${Packages} (${formatSize(PackageBytes)})`;
  const fields = formatFields({
    Backup: backup.File,
    'As of': backup.CreatedAt,
    'Made by': `Slipway ${backup.Slipway}`,
    Packages: Mode === 'all' ? packages : `${packages}, their list alone`,
    'Build logs': String(backup.Logs),
    Keys: backup.Keys.join(', ') || 'none',
    Configuration: backup.HasConfiguration ? 'in it' : 'not in it',
    'Left out then': Lost.length === 0 ? undefined : `${Lost.length} packages without a sound file`,
  });
  return [fields, ...describeKeysNeeded(backup.KeysNeeded)].join('\n');
}

function describeRestored(report: RestoreReport, { s3 }: RestoreRequest): string {
  const { Builds, Pushes, Tags, Deployments, WebhookMessages } = report.Unfinished;
  const goesOn = `${Builds} builds, ${Pushes} pushes, ${Tags} tags, ${Deployments} deployments, ${WebhookMessages} webhook messages`;
  const fields = formatFields({
    Data: report.DataFolder,
    'As of': report.CreatedAt,
    Packages: `${report.Packages} (${formatSize(report.PackageBytes)})`,
    'Build logs': String(report.Logs),
    Keys: report.Keys.join(', ') || 'none',
    Configuration: report.Configuration ?? 'not in the backup',
    'Goes on at the start': goesOn,
  });
  const config = report.Configuration === null ? '' : ` --config ${report.Configuration}`;
  const takeOver = `  slipway take-over --data ${report.DataFolder}${config}   (where the store was the former server's)`;
  return [
    fields,
    ...describeKeysNeeded(report.KeysNeeded),
    ...describeLost(report.Lost),
    '',
    'Next, once the former server does not run any more:',
    ...(s3 === undefined ? [] : [takeOver]),
    `  slipway serve --data ${report.DataFolder}${config}`,
  ].join('\n');
}
