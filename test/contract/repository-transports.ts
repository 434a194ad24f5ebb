import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RepositoryKind } from '../../src/protocol/manage.ts';
import type { RemoteCredentials } from '../../src/repository/remote-credentials.ts';
import { openRepositories, type Repositories } from '../../src/repository/repositories.ts';
import type { TestGitServer } from '../support/git-servers.ts';
import { type ContractSource, type ContractSubject, repositoryContract } from './repository.ts';

/** A way to the remote of a contract. */
export interface Transport {
  readonly address: string;
  readonly server?: Pick<TestGitServer, 'stop'>;
  readonly path?: string;
  readonly credentials?: RemoteCredentials;
}

/** Opens a way to the remote in a folder. */
export type OpenTransport = (folder: string) => Promise<Transport>;

/**
 * Runs the contract over every way to a kind of repository: the whole of it over the first, and over each other what the
 * way can make a difference to.
 *
 * @param makeSource makes the remote in a folder, where the transports look for it
 */
export function transportContracts(
  title: string,
  kind: RepositoryKind,
  transports: Readonly<Record<string, OpenTransport>>,
  makeSource: (folder: string) => Promise<ContractSource>,
): void {
  for (const [at, [name, open]] of Object.entries(transports).entries()) {
    const make = () => makeSubject(kind, open, makeSource);
    repositoryContract(`${title} over ${name}`, make, at === 0 ? 'whole' : 'remote');
  }
}

async function makeSubject(
  kind: RepositoryKind,
  open: OpenTransport,
  makeSource: (folder: string) => Promise<ContractSource>,
): Promise<ContractSubject> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-test-'));
  const source = await makeSource(folder);
  const { address: repository, server, path = process.env.PATH ?? '', credentials } = await open(folder);
  let repositories: Repositories | undefined;
  return {
    source,
    reopen: async () => {
      await repositories?.closeAll();
      repositories = openRepositories({ mirrorsFolder: join(folder, 'mirrors'), path, home: folder });
      return repositories.forApp({ key: 'app', kind, repository, mainBranch: null, credentials });
    },
    close: async () => {
      await repositories?.closeAll();
      await server?.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
