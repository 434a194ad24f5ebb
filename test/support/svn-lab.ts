import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { RemoteCredentials } from '../../src/repository/remote-credentials.ts';
import { openRepositories, type RepositoriesOptions } from '../../src/repository/repositories.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { makeSvnRepository, type SvnTestRepository } from './svn.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A folder with a Subversion repository called `app`, and what Slipway keeps of it. */
export interface SvnLab {
  readonly folder: string;
  readonly mirrorsFolder: string;
  readonly remote: SvnTestRepository;
  /** Opens the repository at an address, with a folder of its own. */
  open(address: string, credentials?: RemoteCredentials, options?: Partial<RepositoriesOptions>): Repository;
}

export async function makeSvnLab(context: TestContext): Promise<SvnLab> {
  const folder = await temporaryFolder(context);
  const remote = await makeSvnRepository(join(folder, 'app'));
  const mirrorsFolder = join(folder, 'mirrors');
  let count = 0;
  return {
    folder,
    remote,
    mirrorsFolder,
    open: (address, credentials, options = {}) => {
      const own = join(mirrorsFolder, String(count++));
      const path = process.env.PATH ?? '';
      const repositories = openRepositories({
        mirrorsFolder: own,
        path,
        home: folder,
        connectTimeoutMs: 30_000,
        ...options,
      });
      context.after(() => repositories.closeAll());
      return repositories.forApp({ key: 'app', kind: 'svn', repository: address, mainBranch: null, credentials });
    },
  };
}
