import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Client } from '../protocol/client.ts';
import { ClientError } from '../protocol/client-error.ts';
import { BUILDER_NAMES, REPOSITORY_KINDS, type UpdateApp, type WireApp, type WireUser } from '../protocol/manage.ts';
import { formatRetention, parseRetention, type Retention } from '../protocol/retention.ts';
import { addCredentialsCommand } from './app-credentials-command.ts';
import { addSecretCommand } from './app-secret-command.ts';
import type { Cli } from './cli.ts';
import { formatFields, formatMoment, formatTable, print } from './output.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface CreateOptions extends UpdateOptions {
  readonly repository: string;
  readonly kind?: WireApp['Kind'];
  readonly projectId?: string;
}

interface UpdateOptions extends RemoteOptions {
  readonly repository?: string;
  readonly name?: string;
  readonly main?: string;
  readonly technicalContact?: string;
  readonly builder?: string;
  readonly projectFile?: string;
  readonly trunk?: string;
  readonly branches?: string;
  readonly tags?: string;
  readonly allowForeignRevisions?: boolean;
  readonly retention?: Retention | null;
  readonly free?: boolean;
}

/** `slipway app create|list|show|update|delete`, `slipway app credentials|secret …` */
export function addAppCommand(program: Command, cli: Cli): void {
  const app = program.command('app').description('create, list, show, change and delete apps');
  withSettings(
    remoteCommand(app, 'create <app>', 'create an app; its AppId is a subdomain name')
      .requiredOption('--repository <url>', 'repository: URL or path')
      .addOption(new Option('--kind <kind>', 'kind of the repository').choices(REPOSITORY_KINDS))
      .option('--project-id <uuid>', 'ProjectId, accepted wherever the AppId is (default: a new one)')
      .option('--free', 'make it a free app: each package is deployed to its one environment, Sandbox'),
  ).action((appId: string, options: CreateOptions) => createApp(cli, appId, options));
  remoteCommand(app, 'list', 'list the apps you may see').action((options: RemoteOptions) => listApps(cli, options));
  remoteCommand(app, 'show <app>', 'show an app and who has API Rights to it').action(
    (appId: string, options: RemoteOptions) => showApp(cli, appId, options),
  );
  withSettings(
    remoteCommand(app, 'update <app>', "change an app; '' goes back to the default")
      .option('--repository <url>', 'repository: URL or path')
      .option('--free', 'make it a free app: each package is deployed to its one environment, Sandbox')
      .option('--no-free', 'make it a licensed one: packages are transported'),
  ).action((appId: string, options: UpdateOptions) => updateApp(cli, appId, options));
  remoteCommand(app, 'delete <app>', 'delete an app with all its packages').action(
    (appId: string, options: RemoteOptions) => deleteApp(cli, appId, options),
  );
  addCredentialsCommand(app, cli);
  addSecretCommand(app, cli);
}

/** What may be set for an app, when it is created as well as later. */
function withSettings(command: Command): Command {
  return command
    .option('--name <name>', 'name that people see')
    .option('--main <branch>', "name of the main line (default: the repository's own)")
    .option('--technical-contact <login>', 'who manages the permissions of all its environments (default: nobody)')
    .addOption(new Option('--builder <builder>', 'how packages are built').choices([...BUILDER_NAMES, '']))
    .option('--project-file <path>', 'the .mpr to build, where there are several')
    .option('--trunk <folder>', 'Subversion: folder of the main line (default: trunk)')
    .option('--branches <folder>', 'Subversion: folder of the branches (default: branches)')
    .option('--tags <folder>', 'Subversion: folder of the tags (default: tags)')
    .option('--allow-foreign-revisions', 'build revisions that are not on the branch')
    .option('--no-allow-foreign-revisions', 'refuse them (default)')
    .option(
      '--retention <policy>',
      'which packages stay besides those in use: newest=10,days=30, one of both, or hosted; none keeps all (default)',
      parseRetentionOption,
    );
}

/** For commander. @throws InvalidArgumentError */
function parseRetentionOption(text: string): Retention | null {
  const retention = parseRetention(text);
  if (retention !== undefined) return retention;
  throw new InvalidArgumentError("Accepted is 'hosted', 'none', or such as 'newest=10,days=30'.");
}

async function createApp(cli: Cli, appId: string, options: CreateOptions): Promise<void> {
  const client = await openClient(cli, options);
  const created = await client.createApp({
    AppId: appId,
    ...readChange(cli, options),
    Repository: absoluteRepository(options.repository, cli.folder),
    ...(options.kind === undefined ? {} : { Kind: options.kind }),
    ...(options.projectId === undefined ? {} : { ProjectId: options.projectId }),
  });
  print(cli, options, created, () => `Created the app ${created.AppId}.\n\n${describeApp(cli, created)}`);
}

async function updateApp(cli: Cli, appId: string, options: UpdateOptions): Promise<void> {
  const updated = await (await openClient(cli, options)).updateApp(appId, readChange(cli, options));
  print(cli, options, updated, () => `Changed the app ${updated.AppId}.\n\n${describeApp(cli, updated)}`);
}

function readChange(cli: Cli, options: UpdateOptions): UpdateApp {
  const change = {
    Name: options.name,
    Repository: options.repository === undefined ? undefined : absoluteRepository(options.repository, cli.folder),
    MainBranch: options.main,
    TechnicalContact: options.technicalContact,
    Builder: options.builder,
    ProjectFile: options.projectFile,
    Trunk: options.trunk,
    Branches: options.branches,
    Tags: options.tags,
    AllowForeignRevisions: options.allowForeignRevisions,
    Free: options.free,
    Retention: options.retention,
  };
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, value === '' ? null : value]));
}

async function listApps(cli: Cli, options: RemoteOptions): Promise<void> {
  const apps = await (await openClient(cli, options)).listApps();
  print(cli, options, apps, () =>
    formatTable(
      ['app', 'name', 'repository'],
      apps.map((app) => [app.AppId, app.Name, app.Repository]),
      "You see no apps. Create one with 'slipway app create <app> --repository <url>', or ask an admin for rights on one.",
    ),
  );
}

async function showApp(cli: Cli, appId: string, options: RemoteOptions): Promise<void> {
  const client = await openClient(cli, options);
  const [app, users] = await Promise.all([client.getApp(appId), findApiRights(client, appId)]);
  print(cli, options, { ...app, ApiRights: users }, () => describeApp(cli, app, users));
}

/** Only who manages permissions learns who has which. */
async function findApiRights(client: Client, appId: string): Promise<readonly WireUser[] | undefined> {
  try {
    return await client.listApiRights(appId);
  } catch (error) {
    if (error instanceof ClientError && error.code === 'NO_ACCESS') return undefined;
    throw error;
  }
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
    Repository: `${app.Repository} (${app.Kind})`,
    'Main line': app.MainBranch ?? "the repository's own",
    License: app.License,
    'Technical Contact': app.TechnicalContact ?? undefined,
    Credentials: app.HasCredentials ? 'of its own' : undefined,
    ...describeSettings(app),
    Created: formatMoment(cli, app.CreationDate),
    'API Rights': logins === '' ? 'nobody' : logins,
  });
}

/** Those that say something. */
function describeSettings(app: WireApp): Readonly<Record<string, string | undefined>> {
  return {
    Builder: app.Builder ?? undefined,
    'Project file': app.ProjectFile ?? undefined,
    Trunk: app.Trunk ?? undefined,
    Branches: app.Branches ?? undefined,
    Tags: app.Tags ?? undefined,
    'Foreign revisions': app.AllowForeignRevisions ? 'allowed' : undefined,
    Retention: app.Retention === null ? undefined : formatRetention(app.Retention),
  };
}

/** A path is relative to where the command runs, which the server cannot know; URLs and `host:path` stay as they are. */
export function absoluteRepository(repository: string, folder: string): string {
  const isPath = !/^[a-z][a-z0-9+.-]+:/i.test(repository) && !/^[^/\\]+:/.test(repository.replace(/^[a-z]:[\\/]/i, ''));
  return isPath && repository !== '' && !repository.startsWith('-') ? resolve(folder, repository) : repository;
}
