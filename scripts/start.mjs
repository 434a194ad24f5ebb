// `npm start`: installs what is missing, then `slipway demo`. Plain JavaScript for Node 20 and later.
import { installDependencies, root } from './install.mjs';

await installDependencies();
process.chdir(root);
process.argv.splice(2, 0, 'demo');
await import('../bin/slipway.mjs');
