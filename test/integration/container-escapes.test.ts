import { after, test } from 'node:test';
import { testEscapes } from '../contract/script-escapes.ts';
import { openTestEngine } from '../support/container-engine.ts';

const cleanups: (() => unknown)[] = [];
const engine = await openTestEngine({ after: (work) => void cleanups.push(work) });
after(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});
if (typeof engine === 'string') test('a build that means harm, in a container', { skip: engine }, () => undefined);
else {
  testEscapes('a container', async () => {
    // As an operator would have it.
    Object.assign(process.env, engine.settings.environment);
    return {
      configuration: { sandbox: 'container', sandboxImage: engine.settings.image },
      first: 'sh',
      networks: [{ network: false, says: /refused|unreachable|timed out/ }],
      connect: (host, port) => `nc -w 2 ${host} ${port} </dev/null`,
    };
  });
}
