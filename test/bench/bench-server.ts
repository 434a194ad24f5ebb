import { join } from 'node:path';
import type { TestFile } from '../support/git.ts';
import { makeTestRepository, type TestRepository } from '../support/git.ts';
import type { Credentials } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type BenchClient, benchClient } from './bench-client.ts';
import type { Bench } from './row.ts';

/** `slipway serve` with two build slots, as a user runs it. */
export interface BenchServer {
  readonly url: string;
  readonly pid: number;
  readonly dataFolder: string;
  readonly admin: Credentials;
  readonly client: BenchClient;
  end(signal: NodeJS.Signals): Promise<unknown>;
}

export async function startBenchServer(bench: Bench, dataFolder?: string): Promise<BenchServer> {
  const folder = dataFolder ?? join(await temporaryFolder(bench), 'data');
  const server = await startServerProcess(folder, {
    SLIPWAY_BUILD_SLOTS: '2',
    SLIPWAY_WEBHOOK_NETWORKS: '127.0.0.1',
  });
  bench.after(() => server.end('SIGKILL'));
  return { ...server, dataFolder: folder, client: benchClient(server.url, server.admin) };
}

/** An app of a benchmark: its repository, and its revisions in their order. */
export interface BenchApp {
  readonly name: string;
  readonly repository: TestRepository;
  readonly revisions: readonly [string, ...string[]];
}

/** Makes a repository with so many revisions. */
export async function makeBenchRepository(
  bench: Bench,
  revisions: readonly Readonly<Record<string, TestFile>>[],
): Promise<Pick<BenchApp, 'repository' | 'revisions'>> {
  const repository = await makeTestRepository(join(await temporaryFolder(bench), 'source.git'), { mainBranch: 'main' });
  const [first, ...others] = await repository.commit(revisions.map((files) => ({ branch: 'main', files })));
  if (first === undefined) throw new Error('A repository needs a revision.');
  return { repository, revisions: [first, ...others] };
}

export async function createApp({ client }: BenchServer, name: string, repository: TestRepository): Promise<void> {
  await client.call('POST', '/manage/1/apps', { AppId: name, Repository: repository.path, MainBranch: 'main' });
}

/** The smallest app that is one: three small files. */
export async function addTrivialApp(bench: Bench, server: BenchServer, name = 'calc'): Promise<BenchApp> {
  const files = { 'README.md': '# Calculation\n', 'calc.txt': 'one and one is two\n', 'src/add.txt': 'a + b\n' };
  const made = await makeBenchRepository(bench, [files]);
  await createApp(server, name, made.repository);
  return { name, ...made };
}

export function headersOf({ username, apiKey }: Credentials): Readonly<Record<string, string>> {
  return { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey };
}
