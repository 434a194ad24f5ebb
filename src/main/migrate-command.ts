import { type Command, Option } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { formatSize } from '../cli/human-text.ts';
import { formatFields, formatTable, print } from '../cli/output.ts';
import { openProgress } from '../cli/progress.ts';
import type { Configuration } from './configuration.ts';
import { loadConfiguration } from './load-configuration.ts';
import type { MoveRequest } from './move-data-folder.ts';
import { isSame, type MoveReport } from './move-report.ts';
import { addSettingFlag } from './serve-options.ts';
import type { SettingName } from './settings.ts';

const STORE_SETTINGS = ['blobs', 's3PathStyle', 's3Encryption', 's3KmsKey'] as const satisfies readonly SettingName[];

interface MigrateOptions extends Readonly<Partial<Record<(typeof STORE_SETTINGS)[number], string>>> {
  readonly from?: string;
  readonly to?: string;
  readonly config?: string;
  readonly verify: 'size' | 'full';
  readonly withoutLost?: boolean;
  readonly json?: boolean;
}

/** `slipway migrate`: from one machine to what many can share. */
export function addMigrateCommand(program: Command, cli: Cli): void {
  const migrate = program
    .command('migrate')
    .description('move the data folder of a server that is stopped into a PostgreSQL database and an S3 store')
    .option('--from <folder>', 'the data folder (or SLIPWAY_DATA)')
    .option('--to <url>', 'the database, which is empty: postgres://… (or SLIPWAY_DATABASE)')
    .option('--config <file>', 'configuration file (or SLIPWAY_CONFIG)')
    .addOption(
      new Option(
        '--verify <how>',
        'compare packages that are there by their size, or read every package back from the store and compare its SHA-256',
      )
        .choices(['size', 'full'])
        .default('size', 'size'),
    )
    .option('--without-lost', 'leave out packages whose file is missing or damaged, instead of not finishing')
    .option('--json', 'print JSON for programs');
  for (const name of STORE_SETTINGS) addSettingFlag(migrate, name);
  migrate
    .addHelpText(
      'after',
      '\nCut off at any moment, it goes on where it was when it is run again with the same arguments.',
    )
    .action((options: MigrateOptions) => move(cli, options));
}

async function move(cli: Cli, options: MigrateOptions): Promise<void> {
  const { from, to, config, verify, withoutLost = false, json: _json, ...store } = options;
  const flags = { ...store, ...(from !== undefined && { data: from }), ...(to !== undefined && { database: to }) };
  const sources = { flags, environment: cli.variables, configFile: config, folder: cli.folder };
  const configuration = await loadConfiguration(sources);
  const { dataFolder, secretKey } = configuration;
  const progress = openProgress(cli);
  const report = await moveOrExplain({
    ...readTarget(configuration),
    dataFolder,
    secretKey,
    readsBack: verify === 'full',
    withoutLost,
    clock: cli.now,
    signal: cli.signal,
    onProgress: progress.show,
  }).finally(progress.clear);
  print(cli, options, report, () => describe(report));
  refuseUnfinished(report);
}

/** @throws CommandFailure where one of both is missing */
function readTarget({ databaseUrl, s3 }: Configuration): Pick<MoveRequest, 'databaseUrl' | 's3'> {
  if (databaseUrl === undefined) {
    const message = 'Name the PostgreSQL database to move to with --to (or SLIPWAY_DATABASE).';
    throw new CommandFailure('usage', 'DATABASE_NEEDED', message);
  }
  if (s3 !== undefined) return { databaseUrl, s3 };
  const message = 'Name the S3 store that packages are to be in with --blobs (or SLIPWAY_BLOBS), such as s3://bucket.';
  throw new CommandFailure('usage', 'BLOBS_NEEDED', message);
}

/** What opens a database is loaded only now: other commands start sooner. */
async function moveOrExplain(request: MoveRequest): Promise<MoveReport> {
  const { moveDataFolder } = await import('./move-data-folder.ts');
  try {
    return await moveDataFolder(request);
  } catch (error) {
    const { explainMove } = await import('./explain-move.ts');
    throw explainMove(error, request);
  }
}

/** @throws CommandFailure unless everything agrees */
function refuseUnfinished({ IsFinished, Tables, Lost }: MoveReport): void {
  const others = Tables.filter((table) => !isSame(table)).map(({ Table }) => Table);
  if (others.length > 0) {
    const message = `What is in the database is not what is in the data folder (${others.join(', ')}): something else has written to it. Make it anew, empty, and run this again; the packages that are in the store are not copied again.`;
    throw new CommandFailure('checkFailed', 'MOVE_DIFFERS', message);
  }
  if (IsFinished && Lost.length === 0) return;
  const message = IsFinished
    ? `${Lost.length} of the packages have no sound file and were left out: see above. All else was moved.`
    : `${Lost.length} of the packages have no sound file: see above. All else is there, and the move is not finished: put their files back from a backup and run this again, or leave them out with --without-lost.`;
  throw new CommandFailure('checkFailed', 'PACKAGES_LOST', message);
}

function describe(report: MoveReport): string {
  const { Tables, Packages, PackageBytes, Logs, VerifiedBy, Lost, IsFinished } = report;
  const fields = formatFields({ From: report.DataFolder, Database: report.Database, Store: report.Blobs });
  if (report.State === 'finished') {
    return [
      fields,
      '',
      'This was moved before, and is as it was then: nothing was left to do.',
      ...describeNext(report),
    ].join('\n');
  }
  const rows = Tables.map((table) => [
    table.Table,
    String(table.Rows),
    String(table.RowsThere),
    isSame(table) ? 'the same' : 'NOT THE SAME',
    table.DigestThere.slice(0, 12),
  ]);
  return [
    fields,
    '',
    formatTable(['Table', 'Rows', 'Rows there', 'Content', 'Checksum'], rows, ''),
    '',
    formatFields({
      Packages: `${Packages} (${formatSize(PackageBytes)}), compared by ${VerifiedBy}`,
      'Build logs': String(Logs),
      'Copied now': `${report.CopiedNow.Rows} rows, ${report.CopiedNow.Packages} packages, ${report.CopiedNow.Logs} logs`,
    }),
    ...(Lost.length === 0 ? [] : ['', 'Packages without a sound file:']),
    ...Lost.map(({ Name, PackageId, Verdict }) => `  ${Name} (${PackageId}): ${Verdict}`),
    ...(IsFinished ? describeNext(report) : []),
  ].join('\n');
}

function describeNext({ DataFolder, KeyId, KeyFile }: MoveReport): readonly string[] {
  return [
    '',
    'Next, give every server and worker the same --database, --blobs and SLIPWAY_SECRET_KEY:',
    ...describeKey(KeyId, KeyFile),
    'Download links that were given out before are worth nothing any more; keys of users are.',
    `No server starts on ${DataFolder} any more. Keep it until you are sure: deleting its file moved-to is the way back.`,
  ];
}

function describeKey(keyId: string | null, keyFile: string | null): readonly string[] {
  if (keyId === null) return ['  nothing is encrypted yet: a new key will do, such as "$(openssl rand -hex 32)"'];
  if (keyFile === null) return [`  SLIPWAY_SECRET_KEY stays what it is (the key ${keyId})`];
  return [`  export SLIPWAY_SECRET_KEY="$(cat ${keyFile})"   # the key ${keyId}, which is not shown so`];
}
