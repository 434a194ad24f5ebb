import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { startSvnserve } from '../support/git-servers.ts';
import { startSshServer } from '../support/ssh-server.ts';
import { encode, makeSvnRepository, runTestSvn, type SvnTestRepository } from '../support/svn.ts';
import { startSvnHttp } from '../support/svn-http-server.ts';
import type { ContractSource } from './repository.ts';
import { type OpenTransport, transportContracts } from './repository-transports.ts';

const TRANSPORTS: Readonly<Record<string, OpenTransport>> = {
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
  'svn+ssh:// with a key': async (folder) => {
    const server = await startSshServer(join(folder, 'ssh'));
    return { address: `svn+${server.url}${join(folder, 'app').slice(1)}`, server, credentials: server.credentials };
  },
};

transportContracts('Subversion', 'svn', TRANSPORTS, async (folder) =>
  sourceOf(await makeSvnRepository(join(folder, 'app'))),
);

function sourceOf(remote: SvnTestRepository): ContractSource {
  const folderOf = (branch: string) => (branch === 'trunk' ? 'trunk' : `branches/${branch}`);
  return {
    mainBranch: 'trunk',
    oddBranches: ['user@host', ' two  spaces %20@'],
    countsAllBranches: true,
    authorEmail: '',
    commit: (branch, files, message) =>
      remote.commit(folderOf(branch), files, {
        ...(branch !== 'trunk' && { from: 'trunk' }),
        ...(message !== undefined && { message }),
      }),
    deleteBranch: async (name) => {
      await remote.commit('branches', { [name]: null });
    },
    addEmptyFolder: (path) => remote.commit('trunk', { [`${path}/`]: '' }),
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
