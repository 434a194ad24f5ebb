import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { print } from '../cli/output.ts';
import { watchBuild } from '../cli/watch-build.ts';
import { type Client, createClient } from '../protocol/client.ts';
import type { WirePackage } from '../protocol/package.ts';
import { makeSampleRepository, type SampleRepository } from '../repository/sample-repository.ts';
import type { Configuration } from './configuration.ts';
import { describeDemo } from './describe-demo.ts';
import { DEMO_APP, ensureDemo } from './ensure-demo.ts';
import { serveUntilStopped } from './serve.ts';
import { addServeOptions, readServeOptions, type ServeOptions } from './serve-options.ts';
import type { RunningServer } from './server.ts';
import { startOrExplain } from './start-or-explain.ts';

const BUILD_TIMEOUT_MS = 120_000;

/** `slipway demo`, which `npm start` runs: a server with a user, an app on a sample repository, and a first build. */
export function addDemoCommand(program: Command, cli: Cli): void {
  addServeOptions(program.command('demo').description('run a server with a sample app and build it')).action(
    async (options: ServeOptions) => {
      const configuration = await readServeOptions(cli, {
        logLevel: cli.variables.SLIPWAY_LOG_LEVEL || 'warn',
        ...options,
      });
      const server = await startOrExplain(configuration);
      try {
        await showDemo(cli, options, configuration, server);
      } catch (error) {
        await server.stop();
        throw error;
      }
      await serveUntilStopped(cli, configuration, server);
    },
  );
}

async function showDemo(cli: Cli, options: ServeOptions, configuration: Configuration, server: RunningServer) {
  const { dataFolder } = configuration;
  const path = join(dataFolder, 'demo', `${DEMO_APP}.git`);
  const environment = { path: cli.variables.PATH ?? '', home: homedir() };
  const sample = await makeSampleRepository(path, environment, cli.signal);
  cli.stderr.write(`Slipway serves ${server.url}; its data is in ${dataFolder}.\n`);
  const user = await ensureDemo(server, dataFolder, path);
  const client = createClient({ url: server.url, ...user, signal: cli.signal });
  const found = await findOrBuild(cli, client, sample);
  const facts = { Url: server.url, Username: user.username, ApiKey: user.apiKey, App: DEMO_APP, Package: found };
  print(cli, options, facts, () => describeDemo(cli, { url: server.url, user, sample, found }));
}

/** The newest package of the demo's app that is ready; a first start has none and builds one. */
async function findOrBuild(cli: Cli, client: Client, sample: SampleRepository): Promise<WirePackage> {
  const ready = (await client.listPackages(DEMO_APP)).find(({ Status }) => Status === 'Succeeded');
  const id = ready?.PackageId ?? (await buildSample(cli, client, sample));
  const found = await client.getPackage(DEMO_APP, id, { url: true });
  if (found.Status === 'Succeeded') return found;
  throw new CommandFailure('buildFailed', 'BUILD_NOT_SUCCEEDED', `The first build failed: ${found.StatusReason}`);
}

async function buildSample(cli: Cli, client: Client, sample: SampleRepository): Promise<string> {
  const build = { Branch: 'main', Revision: sample.mainRevision, Version: '1.0.0', Description: 'First build' };
  const { PackageId: packageId } = await client.startBuild(DEMO_APP, build, cli.newId());
  const watch = { app: DEMO_APP, packageId, timeoutMs: BUILD_TIMEOUT_MS, follow: false, hasAnswered: true };
  await watchBuild(cli, client, watch);
  return packageId;
}
