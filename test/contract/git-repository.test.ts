import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRepositories, type Repositories } from '../../src/repository/repositories.ts';
import { makeTestRepository, type TestRepository } from '../support/git.ts';
import { makeLocalSsh, startGitDaemon, startGitHttp, type TestGitServer } from '../support/git-servers.ts';
import { type ContractSource, type ContractSubject, repositoryContract } from './repository.ts';

interface Transport {
  readonly address: string;
  readonly server?: TestGitServer;
  readonly path?: string;
}

const PATH = process.env.PATH ?? '';

const TRANSPORTS: Readonly<Record<string, (folder: string) => Promise<Transport>>> = {
  'a path': async (folder) => ({ address: join(folder, 'app.git') }),
  'file://': async (folder) => ({ address: `file://${join(folder, 'app.git')}` }),
  'git://': async (folder) => {
    const server = await startGitDaemon(folder);
    return { address: `${server.url}app.git`, server };
  },
  'http:// with a password': async (folder) => {
    const server = await startGitHttp(folder, { name: 'builder', password: 's3cret/@word' });
    return { address: `${server.url.replace('//', '//builder:s3cret%2F%40word@')}app.git`, server };
  },
  'ssh:// without the network': async (folder) => {
    const bin = await makeLocalSsh(folder);
    return { address: `ssh://git@localhost${join(folder, 'app.git')}`, path: `${bin}:${PATH}` };
  },
};

for (const [name, open] of Object.entries(TRANSPORTS)) {
  repositoryContract(`Git over ${name}`, () => makeSubject(open), name === 'a path' ? 'whole' : 'remote');
}

async function makeSubject(open: (folder: string) => Promise<Transport>): Promise<ContractSubject> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-test-'));
  const remote = await makeTestRepository(join(folder, 'app.git'));
  const transport = await open(folder);
  let repositories: Repositories | undefined;
  return {
    source: sourceOf(remote),
    reopen: async () => {
      await repositories?.closeAll();
      const path = transport.path ?? PATH;
      repositories = openRepositories({ mirrorsFolder: join(folder, 'mirrors'), path, home: folder });
      return repositories.forApp({ key: 'app', kind: 'git', repository: transport.address, mainBranch: null });
    },
    close: async () => {
      await repositories?.closeAll();
      await transport.server?.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function sourceOf(remote: TestRepository): ContractSource {
  const mainBranch = 'master';
  const branches = async () =>
    (await remote.git(['for-each-ref', '--format=%(refname:short)', 'refs/heads/'])).split('\n');
  return {
    mainBranch,
    countsAllBranches: false,
    authorEmail: 'richard.ford@example.com',
    commit: async (branch, files, message) => {
      const isNew = branch !== mainBranch && !(await branches()).includes(branch);
      const parents = isNew ? { parents: [await remote.git(['rev-parse', mainBranch])] } : {};
      const [id = ''] = await remote.commit([
        { branch, files, ...parents, ...(message === undefined ? {} : { message }) },
      ]);
      return id;
    },
    deleteBranch: async (name) => {
      await remote.git(['update-ref', '-d', `refs/heads/${name}`]);
    },
    findTag: (name) => remote.git(['rev-parse', `refs/tags/${name}^{commit}`]),
    tag: async (name, revisionId) => {
      await remote.git(['update-ref', `refs/tags/${name}`, revisionId]);
    },
    vanish: () => rename(remote.path, `${remote.path}.gone`),
  };
}
