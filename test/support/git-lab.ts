import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { RemoteCredentials } from '../../src/repository/remote-credentials.ts';
import { openRepositories, type Repositories, type RepositoriesOptions } from '../../src/repository/repositories.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { makeTestRepository, type TestRepository } from './git.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A folder with remotes, and repositories opened on them. */
export interface GitLab {
  readonly folder: string;
  /** Holds what Slipway keeps. */
  readonly mirrorsFolder: string;
  remote(name: string, options?: Parameters<typeof makeTestRepository>[1]): Promise<TestRepository>;
  /** Opens the folder of mirrors anew, as a restart does. */
  restart(options?: Partial<RepositoriesOptions>): Promise<Repositories>;
  open(address: string, mainBranch?: string, credentials?: RemoteCredentials): Repository;
  /** The mirror of what {@link open} opened. */
  readonly mirror: string;
}

export async function makeGitLab(test: TestContext, options: Partial<RepositoriesOptions> = {}): Promise<GitLab> {
  let repositories: Repositories | undefined;
  test.after(() => repositories?.closeAll());
  const folder = await temporaryFolder(test);
  const mirrorsFolder = join(folder, 'mirrors');
  const restart = async (more: Partial<RepositoriesOptions> = {}) => {
    await repositories?.closeAll();
    repositories = openRepositories({ mirrorsFolder, path: process.env.PATH ?? '', home: folder, ...options, ...more });
    return repositories;
  };
  await restart();
  return {
    folder,
    mirrorsFolder,
    mirror: join(mirrorsFolder, 'app', 'mirror.git'),
    remote: (name, remoteOptions) => makeTestRepository(join(folder, `${name}.git`), remoteOptions),
    restart,
    open: (repository, mainBranch = undefined, credentials = undefined) => {
      if (repositories === undefined) throw new Error('the lab is closed');
      return repositories.forApp({ key: 'app', kind: 'git', repository, mainBranch: mainBranch ?? null, credentials });
    },
  };
}
