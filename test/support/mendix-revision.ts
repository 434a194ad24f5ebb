import type { BuildApiWorld } from './build-api-world.ts';
import type { Answer } from './server.ts';

/** What `model/metadata.json` of a package says of the settings that it can be given. */
export interface DeclaredForTest {
  readonly Constants?: readonly object[];
  readonly ScheduledEvents?: readonly object[];
}

/** Builds a revision whose package is that of a Mendix app: the tree of it is packed as it is. @returns the package */
export async function buildMendixPackage(world: BuildApiWorld, declared: DeclaredForTest): Promise<Answer['body']> {
  const files = {
    'model/metadata.json': JSON.stringify({ RuntimeVersion: '10.6.3.1234', ...declared }),
    'web/index.html': '<html></html>',
  };
  const [revision] = await world.repository.commit([{ branch: 'mendix', parents: [], files }]);
  return await world.build({ Branch: 'branches/mendix', Revision: revision });
}
