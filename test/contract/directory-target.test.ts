import { openDirectoryWorld } from '../support/directory-world.ts';
import { testDeploymentTarget } from './deployment-target.ts';

testDeploymentTarget('directory target', async (t) => {
  const world = await openDirectoryWorld(t);
  return {
    target: world.target,
    addPackage: () => world.addPackage({ 'app.txt': 'an app' }),
    options: (mode) => world.options(mode),
    findRunning: (environment) => world.findRunning(environment.mode),
  };
});
