import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPostgresDatabase } from '../../src/database/postgres/postgres-database.ts';
import type { AppRow } from '../../src/database/schema.ts';
import type { User } from '../../src/database/users.ts';
import type { DeploymentTarget } from '../../src/deployment/deployment-target.ts';
import { parseMode } from '../../src/domain/environment-mode.ts';
import { type PackageId, parseLogin } from '../../src/domain/identifiers.ts';
import { cleanEnvironment } from '../../src/operations/clean-environment.ts';
import { createEnvironment } from '../../src/operations/create-environment.ts';
import { deleteEnvironment } from '../../src/operations/delete-environment.ts';
import { getEnvironment } from '../../src/operations/get-environment.ts';
import { getStartStatus, startEnvironment } from '../../src/operations/start-environment.ts';
import { stopEnvironment } from '../../src/operations/stop-environment.ts';
import { transportPackage } from '../../src/operations/transport-package.ts';
import { openSecretBox } from '../../src/secrets/secret-box.ts';
import { addApp, addPackage } from './database.ts';
import { openDeployments } from './deployments.ts';
import { postgresDatabase } from './postgres.ts';
import { until } from './until.ts';

const USER: User = { id: 'user-1', login: parseLogin('richard'), name: 'Richard', isAdmin: true };
const MODE = parseMode('Test');
const BUILT = { status: 'Succeeded', blob_key: 'key', sha256: 'abc', finished_at: 1 } as const;

/** A database that servers share, and the app on it. */
export interface SharedPlace {
  readonly databaseUrl: string;
  /** What secrets are stored with, in hex. */
  readonly key: string;
  readonly app: AppRow;
  /** What the environment `Test` holds. */
  readonly packageId: PackageId;
  /** Of turns. */
  readonly leaseMs: number;
}

/** An app on a shared database, whose environment `Test` holds a package. */
export async function openSharedPlace(t: TestContext, leaseMs: number): Promise<SharedPlace> {
  const databaseUrl = await postgresDatabase();
  const database = await openPostgresDatabase({ url: databaseUrl, applicationName: 'set up' });
  const app = await addApp(database, 'calc');
  const packageId = await addPackage(database, app, BUILT);
  await database.close();
  const place = { databaseUrl, key: randomBytes(32).toString('hex'), app, packageId, leaseMs };
  const { deps, transport } = await openServer(t, place, {});
  await createEnvironment(deps, { user: USER, app, request: { Mode: 'Test' } });
  await transport();
  return place;
}

/** What a server does to the environment, with a connection to the database of its own, until the test ends. */
export async function openServer(
  t: Pick<TestContext, 'after'>,
  { databaseUrl, key, app, packageId, leaseMs }: SharedPlace,
  target: Partial<DeploymentTarget>,
) {
  const database = await openPostgresDatabase({ url: databaseUrl, applicationName: 'test' });
  const secretBox = openSecretBox(Buffer.from(key, 'hex'));
  const deps = openDeployments(database, target, { secretBox, leaseMs, clock: database.now });
  t.after(async () => {
    await deps.deployments.stop();
    await database.close();
  });
  const args = { user: USER, app, mode: MODE };
  return {
    database,
    deps,
    deployments: deps.deployments,
    errors: deps.errors,
    addPackage: () => addPackage(database, app, BUILT),
    transport: (id = packageId) => transportPackage(deps, { ...args, packageId: id }),
    start: () => startEnvironment(deps, { ...args, autoSyncDb: false }),
    stop: () => stopEnvironment(deps, args),
    clean: () => cleanEnvironment(deps, args),
    remove: (force: boolean) => deleteEnvironment(deps, { ...args, force }),
    environment: () => getEnvironment(database.read, app, MODE),
    /** @returns the code where the start has failed */
    startStatus: (jobId: string): Promise<string> =>
      getStartStatus(deps, { app, mode: MODE, jobId }).catch((error) => error.code),
    /** The start that has not ended, once there is one. */
    findStart: () =>
      until('a start is under way', async () => {
        const jobs = database.read.selectFrom('deployment_jobs').select('id').where('kind', '=', 'start');
        return (await jobs.where('state', '=', 'UnderWay').executeTakeFirst())?.id;
      }),
    messages: () => database.read.selectFrom('webhook_messages').select('event_type').execute(),
  };
}

/** A server that is a process, and does one thing to the environment: its target goes on until it is let go. */
export interface ServerInTrouble {
  readonly pid: number;
  /** What it has said so far, a line each. */
  readonly said: () => string;
  /** Its target has done what it was asked, whatever the signal says. */
  letGo(): void;
  end(signal: NodeJS.Signals): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('deploy-until-let-go.ts', import.meta.url));

/** @returns once its target was asked */
export async function spawnServer(
  t: TestContext,
  place: SharedPlace,
  call: 'transport' | 'start',
): Promise<ServerInTrouble> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(place), call], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const end = async (signal: NodeJS.Signals) => {
    if (isRunning(child)) child.kill(signal);
    await ended;
  };
  t.after(() => end('SIGKILL'));
  await until('its target was asked', () => said.includes('begun') || !isRunning(child));
  return { pid: child.pid ?? 0, said: () => said, letGo: () => void child.stdin.write('go\n'), end };
}

const isRunning = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;
