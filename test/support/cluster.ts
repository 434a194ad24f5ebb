import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { postgresDatabase } from './postgres.ts';
import { openRoundRobin } from './round-robin.ts';
import { type Answer, type Credentials, call } from './server.ts';
import { SERVER_URL } from './server-process.ts';
import { openSharedBlobs } from './shared-blobs.ts';
import { type SlipwayProcess, startSlipwayProcess } from './slipway-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

type Variables = Readonly<Record<string, string>>;

/** A server or a worker of a cluster, which may end and be started again on its data folder. */
export interface ClusterMember {
  readonly dataFolder: string;
  /** The process that it has now, or had last. */
  readonly process: SlipwayProcess;
  /** Sends a signal and waits for the end. @returns the exit code, or the signal's name */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
  /** Starts it again, once it has ended: this version of the program. */
  start(): Promise<void>;
  /** Stops the whole process where it stands, until it is thawed. A load balancer sends nobody new to it. */
  freeze(): void;
  thaw(): void;
}

export interface ClusterServer extends ClusterMember {
  /** Another one after each start; undefined while there is no process. */
  readonly url: string | undefined;
}

/** Servers and workers that share a database and a blob store, as real processes, behind a load balancer. */
export interface Cluster {
  /** Of the load balancer: each new connection goes to the next server. */
  readonly url: string;
  readonly admin: Credentials;
  readonly databaseUrl: string;
  /** What each of its processes has in its environment. */
  readonly variables: Variables;
  readonly servers: readonly ClusterServer[];
  readonly workers: readonly ClusterMember[];
  /** Calls through the load balancer, as `admin` unless told otherwise. */
  call(method: string, path: string, body?: unknown, credentials?: Credentials): Promise<Answer>;
}

export interface ClusterOptions {
  /** What each server has in its environment beside the rest: as many as there are to be. */
  readonly servers?: readonly Variables[];
  /** The same of the workers. */
  readonly workers?: readonly Variables[];
  /** Of every process. */
  readonly variables?: Variables;
  /** Whether workers are of one name: that of their host and of the path of their data folders, as containers may share. */
  readonly oneName?: boolean;
  /** Puts what it is to find into the data folder of each, before it starts for the first time. */
  readonly prepare?: (dataFolder: string) => Promise<void>;
  /** An empty one of the test's own, unless given. */
  readonly databaseUrl?: string;
  /** What every member is at first, as in `ProcessOptions`. */
  readonly program?: string;
  /** Whether `--database` and `--blobs` name the stores, instead of variables. */
  readonly byFlags?: boolean;
}

/** Starts a cluster, which is killed when the test ends: two servers and two workers, unless told otherwise. */
export async function startCluster(
  test: { after(work: () => unknown): void },
  {
    servers = [{}, {}],
    workers = [{}, {}],
    variables = {},
    oneName = false,
    prepare,
    databaseUrl,
    program,
    byFlags = false,
  }: ClusterOptions = {},
): Promise<Cluster> {
  const folder = await temporaryFolder(test);
  const blobs = await openSharedBlobs();
  const admin = { username: 'admin', apiKey: randomUUID() };
  const database = databaseUrl ?? (await postgresDatabase());
  const openedServers: ClusterServer[] = [];
  const url = await openRoundRobin(test, () => openedServers.map((server) => server.url));
  const { SLIPWAY_BLOBS = '', ...access } = blobs.variables;
  const stores = byFlags ? ['--database', database, '--blobs', SLIPWAY_BLOBS] : [];
  const shared: Variables = {
    ...(!byFlags && { SLIPWAY_DATABASE: database, SLIPWAY_BLOBS }),
    SLIPWAY_SECRET_KEY: randomBytes(32).toString('hex'),
    SLIPWAY_ADMIN_KEY: admin.apiKey,
    SLIPWAY_PUBLIC_URL: url,
    ...access,
    ...variables,
  };
  const open = async (name: string, args: readonly string[], ready: RegExp, own: Variables, path?: string) => {
    const dataFolder = join(folder, name);
    await prepare?.(dataFolder);
    const mount = path === undefined ? undefined : { folder: dataFolder, path };
    for (const mounted of Object.values(mount ?? {})) await mkdir(mounted, { recursive: true });
    const start = (program?: string) =>
      startSlipwayProcess([...args, ...stores, '--data', path ?? dataFolder], { ...shared, ...own }, ready, {
        mount,
        program,
      });
    return openMember(test, dataFolder, await start(program), start);
  };
  const workerPath = oneName ? join(folder, 'worker') : undefined;
  const serve = ['serve', '--port', '0', '--build-slots', '0'];
  const [startedServers, startedWorkers] = await Promise.all([
    Promise.all(servers.map((own, index) => open(`server-${index + 1}`, serve, SERVER_URL, own))),
    Promise.all(
      workers.map((own, index) => open(`worker-${index + 1}`, ['worker'], /Slipway builds/, own, workerPath)),
    ),
  ]);
  openedServers.push(...startedServers);
  return {
    url,
    admin,
    databaseUrl: database,
    variables: shared,
    servers: openedServers,
    workers: startedWorkers,
    call: (method, path, body, credentials = admin) => call(url, method, path, body, credentials),
  };
}

function openMember(
  test: { after(work: () => unknown): void },
  dataFolder: string,
  first: SlipwayProcess,
  start: () => Promise<SlipwayProcess>,
): ClusterServer {
  let process = first;
  let isThere = true;
  test.after(() => process.end('SIGKILL'));
  return {
    dataFolder,
    get process() {
      return process;
    },
    get url() {
      return isThere ? process.ready : undefined;
    },
    end(signal) {
      isThere = false;
      return process.end(signal);
    },
    async start() {
      process = await start();
      isThere = true;
    },
    freeze() {
      isThere = false;
      process.signal('SIGSTOP');
    },
    thaw() {
      process.signal('SIGCONT');
      isThere = true;
    },
  };
}
