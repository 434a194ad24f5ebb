import { join } from 'node:path';
import { makeTestRepository } from './git.ts';
import { startGitHttp } from './git-servers.ts';

/** A repository whose builds, once under way, wait for its submodule, which comes when the test lets it. */
export interface HeldRepository {
  readonly path: string;
  /** The full id of the one commit of `main`. */
  readonly revision: string;
  /** How often its submodule was asked for. */
  readonly asked: () => number;
  /** Lets go what waits, and what comes from now on. */
  release(): void;
}

/** Makes a held repository and its submodule in a folder of its own. */
export async function makeHeldRepository(
  test: { after(work: () => unknown): void },
  folder: string,
): Promise<HeldRepository> {
  const released = Promise.withResolvers<void>();
  const submodule = await makeTestRepository(join(folder, 'held-sub.git'), { mainBranch: 'main' });
  const [inner = ''] = await submodule.commit([{ branch: 'main', files: { 'inner.txt': 'inner' } }]);
  const server = await startGitHttp(folder, undefined, () => released.promise);
  test.after(server.stop);
  const repository = await makeTestRepository(join(folder, 'held.git'), { mainBranch: 'main' });
  const files = {
    '.gitmodules': `[submodule "sub"]\n\tpath = sub\n\turl = ${server.url}held-sub.git\n`,
    sub: { mode: '160000', content: inner },
  };
  const [revision = ''] = await repository.commit([{ branch: 'main', files }]);
  return { path: repository.path, revision, asked: server.count, release: () => released.resolve() };
}
