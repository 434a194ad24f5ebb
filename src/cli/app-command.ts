import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { WireApp, WireUser } from '../protocol/manage.ts';
import type { Cli } from './cli.ts';
import { formatFields, formatMoment, formatTable, print } from './output.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface CreateOptions extends RemoteOptions {
  readonly repository: string;
  readonly name?: string;
  readonly main?: string;
  readonly projectId?: string;
}

/** `slipway app create|list|show|delete` */
export function addAppCommand(program: Command, cli: Cli): void {
  const app = program.command('app').description('create, list, show and delete apps');
  remoteCommand(app, 'create <app>', 'create an app; its AppId is a subdomain name')
    .requiredOption('--repository <url>', 'Git repository: URL or path')
    .option('--name <name>', 'name that people see')
    .option('--main <branch>', "name of the main line (default: the repository's own)")
    .option('--project-id <uuid>', 'ProjectId, accepted wherever the AppId is (default: a new one)')
    .action((appId: string, options: CreateOptions) => createApp(cli, appId, options));
  remoteCommand(app, 'list', 'list the apps you may see').action((options: RemoteOptions) => listApps(cli, options));
  remoteCommand(app, 'show <app>', 'show an app and who has API Rights to it').action(
    (appId: string, options: RemoteOptions) => showApp(cli, appId, options),
  );
  remoteCommand(app, 'delete <app>', 'delete an app with all its packages').action(
    (appId: string, options: RemoteOptions) => deleteApp(cli, appId, options),
  );
}

async function createApp(cli: Cli, appId: string, options: CreateOptions): Promise<void> {
  const client = await openClient(cli, options);
  const created = await client.createApp({
    AppId: appId,
    Repository: absoluteRepository(options.repository, cli.folder),
    ...(options.name === undefined ? {} : { Name: options.name }),
    ...(options.main === undefined ? {} : { MainBranch: options.main }),
    ...(options.projectId === undefined ? {} : { ProjectId: options.projectId }),
  });
  print(cli, options, created, () => `Created the app ${created.AppId}.\n\n${describeApp(cli, created)}`);
}

async function listApps(cli: Cli, options: RemoteOptions): Promise<void> {
  const apps = await (await openClient(cli, options)).listApps();
  print(cli, options, apps, () =>
    formatTable(
      ['app', 'name', 'repository'],
      apps.map((app) => [app.AppId, app.Name, app.Repository]),
      "There are no apps. Create one with 'slipway app create <app> --repository <url>'.",
    ),
  );
}

async function showApp(cli: Cli, appId: string, options: RemoteOptions): Promise<void> {
  const client = await openClient(cli, options);
  const [app, users] = await Promise.all([client.getApp(appId), client.listApiRights(appId)]);
  print(cli, options, { ...app, ApiRights: users }, () => describeApp(cli, app, users));
}

async function deleteApp(cli: Cli, appId: string, options: RemoteOptions): Promise<void> {
  const answer = await (await openClient(cli, options)).deleteApp(appId);
  print(cli, options, answer, () => `Deleted the app ${appId}.`);
}

function describeApp(cli: Cli, app: WireApp, users?: readonly WireUser[]): string {
  const logins = users?.map((user) => user.Login).join(', ');
  return formatFields({
    App: app.AppId,
    Name: app.Name,
    ProjectId: app.ProjectId,
    Repository: app.Repository,
    'Main line': app.MainBranch ?? "the repository's own",
    Created: formatMoment(cli, app.CreationDate),
    'API Rights': logins === '' ? 'nobody' : logins,
  });
}

/** A path is relative to where the command runs, which the server cannot know; URLs and `host:path` stay as they are. */
export function absoluteRepository(repository: string, folder: string): string {
  const isPath = !/^[a-z][a-z0-9+.-]+:/i.test(repository) && !/^[^/\\]+:/.test(repository.replace(/^[a-z]:[\\/]/i, ''));
  return isPath && repository !== '' && !repository.startsWith('-') ? resolve(folder, repository) : repository;
}
