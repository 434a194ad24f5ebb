import type { Command } from 'commander';
import { formatS3Address } from '../blob/s3-address.ts';
import type { Cli } from '../cli/cli.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { print } from '../cli/output.ts';
import type { Configuration } from './configuration.ts';
import { addServeOptions, readServeOptions, type ServeOptions } from './serve-options.ts';

/** `slipway take-over`: after a restore, when the database that the packages in S3 belonged to is lost. */
export function addTakeOverCommand(program: Command, cli: Cli): void {
  const command = program
    .command('take-over')
    .description(
      'make an S3 store the one of this database, after a restore: packages there that the database does not know are deleted then',
    );
  addServeOptions(command).action(async (options: ServeOptions) => {
    const configuration = await readServeOptions(cli, options);
    const { s3 } = configuration;
    if (s3 === undefined) {
      const message =
        'Name the S3 store that is to be taken over with --blobs (or SLIPWAY_BLOBS), such as s3://bucket.';
      throw new CommandFailure('usage', 'BLOBS_NEEDED', message);
    }
    const former = await takeOverOrExplain(configuration);
    const place = formatS3Address(s3.address);
    print(cli, options, { Blobs: place, FormerInstallation: former ?? null }, () => describe(place, former));
  });
}

/** What opens a database is loaded only now: other commands start sooner. */
async function takeOverOrExplain(configuration: Configuration): Promise<string | undefined> {
  const { withDatabase } = await import('./with-database.ts');
  const { openBlobStore } = await import('./open-blob-store.ts');
  const { takeOverBlobStore } = await import('../operations/claim-blob-store.ts');
  try {
    return await withDatabase(configuration, { besideServers: false }, async (database) =>
      takeOverBlobStore({ database, blobs: await openBlobStore(configuration) }),
    );
  } catch (error) {
    const { explainStart } = await import('./explain-start.ts');
    throw explainStart(error, configuration);
  }
}

function describe(place: string, former: string | undefined): string {
  const whose = former === undefined ? 'It was nobody’s.' : `It was that of the installation ${former}.`;
  return `${place} is the store of this database from now on. ${whose} Nothing else may start on it again.`;
}
