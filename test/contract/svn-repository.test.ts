import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RemoteCredentials } from '../../src/repository/remote-credentials.ts';
import { openRepositories, type Repositories } from '../../src/repository/repositories.ts';
import { makeLocalSsh, startSvnserve, type TestGitServer } from '../support/git-servers.ts';
import { encode, makeSvnRepository, runTestSvn, type SvnTestRepository } from '../support/svn.ts';
import { startSvnHttp } from '../support/svn-http-server.ts';
import { type ContractSource, type ContractSubject, repositoryContract } from './repository.ts';

interface Transport {
  readonly address: string;
  readonly server?: TestGitServer;
  readonly path?: string;
  readonly credentials?: RemoteCredentials;
}

const PATH = process.env.PATH ?? '';

const TRANSPORTS: Readonly<Record<string, (folder: string) => Promise<Transport>>> = {
  'a path': async (folder) => ({ address: join(folder, 'app') }),
  'file://': async (folder) => ({ address: `file://${join(folder, 'app')}` }),
  'svn://': async (folder) => {
    const server = await startSvnserve(folder);
    return { address: `${server.url}app`, server };
  },
  'svn:// with a password': async (folder) => {
    const server = await startSvnserve(folder, { name: 'builder', password: 's3cret/@word' });
    const credentials = { kind: 'password', username: 'builder', password: 's3cret/@word' } as const;
    return { address: `${server.url}app`, server, credentials };
  },
  'http:// with a password': async (folder) => {
    const server = await startSvnHttp(folder, { user: { name: 'builder', password: 's3cret/@word' } });
    const credentials = { kind: 'password', username: 'builder', password: 's3cret/@word' } as const;
    return { address: `${server.url}app`, server, credentials };
  },
  'svn+ssh:// without the network': async (folder) => {
    const bin = await makeLocalSsh(folder);
    return { address: `svn+ssh://svn@localhost${join(folder, 'app')}`, path: `${bin}:${PATH}` };
  },
};

for (const [name, open] of Object.entries(TRANSPORTS)) {
  repositoryContract(`Subversion over ${name}`, () => makeSubject(open), name === 'a path' ? 'whole' : 'remote');
}

async function makeSubject(open: (folder: string) => Promise<Transport>): Promise<ContractSubject> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-test-'));
  const remote = await makeSvnRepository(join(folder, 'app'));
  const { address, server, path = PATH, credentials } = await open(folder);
  let repositories: Repositories | undefined;
  return {
    source: sourceOf(remote),
    reopen: async () => {
      await repositories?.closeAll();
      repositories = openRepositories({ mirrorsFolder: join(folder, 'mirrors'), path, home: folder });
      return repositories.forApp({ key: 'app', kind: 'svn', repository: address, mainBranch: null, credentials });
    },
    close: async () => {
      await repositories?.closeAll();
      await server?.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function sourceOf(remote: SvnTestRepository): ContractSource {
  const folderOf = (branch: string) => (branch === 'trunk' ? 'trunk' : `branches/${branch}`);
  return {
    mainBranch: 'trunk',
    countsAllBranches: true,
    authorEmail: '',
    commit: (branch, files, message) =>
      remote.commit(folderOf(branch), files, {
        ...(branch !== 'trunk' && { from: 'trunk' }),
        ...(message !== undefined && { message }),
      }),
    deleteBranch: async (name) => {
      await remote.mucc(['rm', encode(folderOf(name))]);
    },
    findTag: async (name) => {
      const log = await runTestSvn('svn', ['log', '-v', '-q', '--stop-on-copy', `${remote.url}/tags/${name}@`]);
      return new RegExp(`/tags/${name} \\(from /trunk:(\\d+)\\)`).exec(log)?.[1];
    },
    tag: async (name, revisionId) => {
      await remote.commit('tags', {}).catch(() => undefined);
      await remote.mucc(['cp', revisionId, 'trunk', `tags/${encode(name)}`]);
    },
    vanish: () => rename(remote.path, `${remote.path}.gone`),
  };
}
