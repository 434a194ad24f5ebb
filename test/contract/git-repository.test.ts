import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTestRepository, type TestRepository } from '../support/git.ts';
import { startGitDaemon, startGitHttp } from '../support/git-servers.ts';
import { startSshServer } from '../support/ssh-server.ts';
import type { ContractSource } from './repository.ts';
import { type OpenTransport, transportContracts } from './repository-transports.ts';

const TRANSPORTS: Readonly<Record<string, OpenTransport>> = {
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
  'ssh:// with a key': async (folder) => {
    const server = await startSshServer(join(folder, 'ssh'));
    return { address: `${server.url}${join(folder, 'app.git').slice(1)}`, server, credentials: server.credentials };
  },
};

transportContracts('Git', 'git', TRANSPORTS, async (folder) =>
  sourceOf(await makeTestRepository(join(folder, 'app.git'))),
);

function sourceOf(remote: TestRepository): ContractSource {
  const mainBranch = 'master';
  const branches = async () =>
    (await remote.git(['for-each-ref', '--format=%(refname:short)', 'refs/heads/'])).split('\n');
  return {
    mainBranch,
    oddBranches: ['user@host'],
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
    addEmptyFolder: undefined,
    findTag: (name) => remote.git(['rev-parse', `refs/tags/${name}^{commit}`]),
    tag: async (name, revisionId) => {
      await remote.git(['update-ref', `refs/tags/${name}`, revisionId]);
    },
    vanish: () => rename(remote.path, `${remote.path}.gone`),
  };
}
