import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { print } from '../cli/output.ts';
import { watchBuild } from '../cli/watch-build.ts';
import { type Client, createClient } from '../protocol/client.ts';
import type { WirePackage } from '../protocol/package.ts';
import { makeGitSample } from '../repository/sample/git-sample.ts';
import { makeSvnSample } from '../repository/sample/svn-sample.ts';
import { checkSvn, INSTALL_SVN } from './check-programs.ts';
import type { Configuration } from './configuration.ts';
import { type BuiltDemoApp, type DemoApp, describeDemo } from './describe-demo.ts';
import { ensureDemo } from './ensure-demo.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { addServeOptions, readServeOptions, type ServeOptions } from './serve-options.ts';
import type { RunningServer } from './server.ts';
import { startServerOrExplain } from './start-or-explain.ts';

const BUILD_TIMEOUT_MS = 120_000;

/** `slipway demo`, which `npm start` runs: a server with a user, apps on sample repositories, and their first builds. */
export function addDemoCommand(program: Command, cli: Cli): void {
  addServeOptions(program.command('demo').description('run a server with sample apps and build them')).action(
    async (options: ServeOptions) => {
      const configuration = await readServeOptions(cli, {
        logLevel: cli.variables.SLIPWAY_LOG_LEVEL || 'warn',
        ...options,
      });
      const server = await startServerOrExplain(configuration);
      try {
        await showDemo(cli, options, configuration, server);
      } catch (error) {
        await server.stop();
        throw error;
      }
      await runUntilStopped(cli, configuration, server);
    },
  );
}

async function showDemo(cli: Cli, options: ServeOptions, { dataFolder }: Configuration, server: RunningServer) {
  const { apps, leftOut } = await makeDemoApps(cli, join(dataFolder, 'demo'));
  cli.stderr.write(`Slipway serves ${server.url}; its data is in ${dataFolder}.\n`);
  const user = await ensureDemo(
    server,
    dataFolder,
    apps.map(({ id, name, sample }) => ({ AppId: id, Name: name, Repository: sample.path })),
  );
  const client = createClient({ url: server.url, ...user, signal: cli.signal });
  const built: BuiltDemoApp[] = [];
  for (const app of apps) built.push({ ...app, found: await findOrBuild(cli, client, app) });
  const facts = {
    Url: server.url,
    Username: user.username,
    ApiKey: user.apiKey,
    Apps: built.map(({ id, found }) => ({ App: id, Package: found })),
  };
  print(cli, options, facts, () => describeDemo(cli, { url: server.url, user, apps: built, leftOut }));
}

/** One app on Git, and one on Subversion where that is installed; `leftOut` says why that one is not there. */
async function makeDemoApps(cli: Cli, folder: string): Promise<{ apps: readonly DemoApp[]; leftOut?: string }> {
  const environment = { path: cli.variables.PATH ?? '', home: homedir() };
  const onGit = await makeGitSample(join(folder, 'calc.git'), environment, cli.signal);
  const apps = [{ id: 'calc', name: 'Calculation App', sample: onGit }];
  const svn = await checkSvn(environment.path);
  if (svn.state !== 'ok') {
    const leftOut = `There is no app on Subversion (svn: ${svn.found}). For one, install it (${INSTALL_SVN}) and start again.`;
    return { apps, leftOut };
  }
  const onSvn = await makeSvnSample(join(folder, 'legacy'), environment, cli.signal);
  return { apps: [...apps, { id: 'legacy', name: 'Calculation App on Subversion', sample: onSvn }] };
}

/** The newest package of a demo's app that is ready; a first start has none and builds one. */
async function findOrBuild(cli: Cli, client: Client, app: DemoApp): Promise<WirePackage> {
  const ready = (await client.listPackages(app.id)).find(({ Status }) => Status === 'Succeeded');
  const id = ready?.PackageId ?? (await buildSample(cli, client, app));
  const found = await client.getPackage(app.id, id, { url: true });
  if (found.Status === 'Succeeded') return found;
  const message = `The first build of ${app.id} failed: ${found.StatusReason}`;
  throw new CommandFailure('buildFailed', 'BUILD_NOT_SUCCEEDED', message);
}

async function buildSample(cli: Cli, client: Client, { id, sample }: DemoApp): Promise<string> {
  const { mainBranch: Branch, mainRevision: Revision } = sample;
  const build = { Branch, Revision, Version: '1.0.0', Description: 'First build' };
  const { PackageId: packageId } = await client.startBuild(id, build, cli.newId());
  await watchBuild(cli, client, { app: id, packageId, timeoutMs: BUILD_TIMEOUT_MS, follow: false, hasAnswered: true });
  return packageId;
}
