import { constants, setPriority } from 'node:os';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { formatSize } from '../cli/human-text.ts';
import { formatFields, print } from '../cli/output.ts';
import { openProgress } from '../cli/progress.ts';
import { findConfigurationFile } from './configuration-file.ts';
import { describeKeysNeeded, describeLost } from './describe-backup.ts';
import { givenConfigurationFile } from './load-configuration.ts';
import type { BackupReport, BackupRequest } from './make-backup.ts';
import { refuseWithoutDatabase } from './refuse-without-database.ts';
import { addServeOptions, readServeOptions, type ServeOptions } from './serve-options.ts';

interface BackupOptions extends ServeOptions {
  readonly packages: 'all' | 'list';
  readonly force?: boolean;
}

/** `slipway backup <file>`: everything that a data folder cannot get back by itself, whether or not a server runs on it. */
export function addBackupCommand(program: Command, cli: Cli, version: string): void {
  const backup = program
    .command('backup <file>')
    .description('write a backup of the data folder into one file, while the server runs or while it does not');
  addServeOptions(backup)
    .addOption(
      new Option(
        '--packages <what>',
        'all of them with their files, or their list alone where packages/ is copied otherwise',
      )
        .choices(['all', 'list'])
        .default('all', 'all'),
    )
    .option('--force', 'replace the file where there is one')
    .addHelpText('after', '\nWith - as the file, it goes to standard output, and what is said of it to standard error.')
    .action((file: string, options: BackupOptions) => backUp(cli, version, file, options));
}

async function backUp(cli: Cli, version: string, file: string, options: BackupOptions): Promise<void> {
  const { packages, force = false, ...serveOptions } = options;
  const configuration = await readServeOptions(cli, serveOptions);
  const { dataFolder, s3 } = configuration;
  if (configuration.databaseUrl !== undefined) throw ofManyMachines();
  await refuseWithoutDatabase(dataFolder);
  // A server beside it goes first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const given = givenConfigurationFile({ configFile: options.config, environment: cli.variables });
  const progress = openProgress(cli);
  const report = await makeOrExplain({
    dataFolder,
    s3,
    configurationFile: await findConfigurationFile(given, cli.folder),
    target: file === '-' ? cli.stdout : resolve(cli.folder, file),
    packages,
    force,
    version,
    clock: cli.now,
    signal: cli.signal,
    onProgress: ({ done, of, bytes }) => progress.show(`Package ${done} of ${of}, ${formatSize(bytes)}`),
  }).finally(progress.clear);
  // What was asked for on standard output is alone there.
  const output = file === '-' ? { ...cli, stdout: cli.stderr } : cli;
  print(output, options, report, () =>
    describe(report, s3 === undefined ? 'copy packages/ now' : 'their files stay in S3'),
  );
  if (report.Lost.length === 0) return;
  const message = `${report.Lost.length} of the packages could not be backed up, and are not in the backup: see above. All else is.`;
  throw new CommandFailure('checkFailed', 'PACKAGES_LOST', message);
}

function ofManyMachines(): CommandFailure {
  const message =
    'A backup is of a data folder, and this database is shared: back it up as PostgreSQL is, with pg_dump for instance, and after that the S3 store as it is. Keep SLIPWAY_SECRET_KEY, too.';
  return new CommandFailure('usage', 'BACKUP_SHARED', message);
}

/** What opens a database is loaded only now: other commands start sooner. */
async function makeOrExplain(request: BackupRequest): Promise<BackupReport> {
  const { makeBackup } = await import('./make-backup.ts');
  try {
    return await makeBackup(request);
  } catch (error) {
    const { explainBackup } = await import('./explain-backup.ts');
    throw explainBackup(error, request.dataFolder, typeof request.target === 'string' ? request.target : undefined);
  }
}

/** @param advice what to do about the files where there is only their list */
function describe(report: BackupReport, advice: string): string {
  const { Packages, PackageBytes, Logs, Configuration, DeletedMeanwhile } = report;
  const packages = `${Packages} (${formatSize(PackageBytes)})`;
  const fields = formatFields({
    Backup: report.File ?? 'on standard output',
    Size: formatSize(report.Size),
    'As of': report.CreatedAt,
    Packages: report.Mode === 'all' ? packages : `${packages}, their list alone: ${advice}`,
    'Build logs': String(Logs),
    Keys: report.Keys.join(', ') || 'none',
    Configuration: Configuration ?? 'no file is in use',
    'Deleted meanwhile': DeletedMeanwhile === 0 ? undefined : `${DeletedMeanwhile} packages`,
  });
  return [fields, ...describeKeysNeeded(report.KeysNeeded), ...describeLost(report.Lost)].join('\n');
}
