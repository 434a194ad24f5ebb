import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { containerSettings } from '../../src/main/container-settings.ts';
import { openTestEngine, type TestEngine } from '../support/container-engine.ts';
import { openScriptWorld } from '../support/script-world.ts';
import { testConfiguration } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const cleanups: (() => unknown)[] = [];
const engine = await openTestEngine({ after: (work) => void cleanups.push(work) });
after(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

describe('a server that runs builds in containers', { skip: typeof engine === 'string' && engine }, () => {
  if (typeof engine !== 'string') testBuilds(engine);
});

function testBuilds({ settings, podman }: TestEngine): void {
  // As an operator would have it.
  Object.assign(process.env, settings.environment);

  test('builds in the image that slipway.yml names, with its PATH, step by step on the same files', async (t) => {
    const world = await openScriptWorld(t, { sandbox: 'container' });
    const run = [
      { run: 'echo "$OF_THE_IMAGE $PATH" > out; echo x > .cache/file' },
      { run: 'cat out; echo more >> out' },
    ];
    const build = { run, package: 'out', cache: ['.cache'], image: settings.image };
    const first = await world.build(build, { '.cache/of-the-source': '' });
    assert.equal(first.reason, '');
    assert.equal(String(first.bytes), 'yes /usr/bin:/bin\nmore\n');
    const unnamed = await world.build({ run: 'true', package: '.' });
    assert.match(unnamed.reason, /name one with 'image' in slipway.yml, or for all builds in SLIPWAY_SANDBOX_IMAGE/);
    const wanting = await world.build({ ...build, network: true });
    assert.match(wanting.reason, /SLIPWAY_SANDBOX_NETWORK/);
  });

  test('removes what an earlier server has left, when it starts', async (t) => {
    const dataFolder = await temporaryFolder(t);
    const { owner } = await containerSettings(testConfiguration(dataFolder), {});
    const run = ['run', '--detach', '--network=none', '--entrypoint=sleep', `--label=slipway.owner=${owner}`];
    await podman(...run, settings.image, '600');
    await openScriptWorld(t, { sandbox: 'container', dataFolder });
    assert.equal(await podman('ps', '--all', '--quiet'), '');
  });
}
