import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { startDeployReceiver, WEBHOOK_SECRET } from '../support/deploy-receiver.ts';
import { openFront } from '../support/front.ts';
import { openPipelineWorld } from '../support/pipeline-world.ts';
import { assertOutcome, listPipelines, type Situation } from '../support/pipelines.ts';

/*
 * What the pipelines of `pipelines` tell their people, by their exit codes and what they print, where something is
 * wrong; and that what ran before still runs.
 */

const WRONG: Readonly<Partial<Record<Situation, Readonly<Record<string, string>>>>> = {
  'failed-build': {},
  'wrong-key': { MENDIX_API_KEY: '26587896-1cef-4483-accf-ad304e2673d6' },
  'wrong-token': { MENDIX_PAT: 'of-somebody-else' },
};

const front = await openFront({ after });
const world = await openPipelineWorld({ after }, { publicUrl: front.url.replace('http:', 'https:') });
front.leadTo(world.server.url);

describe('a pipeline that cannot build', { concurrency: 2 }, async () => {
  const app = await world.addApp('calc', 'git');
  const running = await app.deploy();
  await app.commit({ 'slipway.yml': 'build: [\n' });

  for (const [situation, variables] of Object.entries(WRONG) as [Situation, Readonly<Record<string, string>>][]) {
    for (const pipeline of await listPipelines(situation)) {
      test(`${pipeline.name} ends with an error in the situation ${situation}`, async (t) => {
        assertOutcome(pipeline, situation, await app.run(t, pipeline, variables));
        assert.equal((await app.call('GET', 'environments/Acceptance')).body.Status, 'Running');
        assert.equal((await app.call('GET', 'environments/Acceptance/package')).body.PackageId, running);
      });
    }
  }
});

describe('a pipeline whose package does not start', { concurrency: 2 }, async () => {
  for (const pipeline of await listPipelines('does-not-start')) {
    test(`${pipeline.name} ends with an error, and prints the code`, async (t) => {
      const receiver = await startDeployReceiver(t);
      const options = { url: receiver.url, secret: WEBHOOK_SECRET };
      const app = await world.addApp(pipeline.name, 'git', { Target: 'webhook', TargetOptions: options });
      const before = await app.deploy();
      await app.commit({ 'page.html': 'three' });
      const body = JSON.stringify({ errorCode: 'DB_SYNC_FAILED', errorMessage: 'a table is locked.' });
      receiver.next('deploy', 'deploy', { status: 500, body });
      assertOutcome(pipeline, 'does-not-start', await app.run(t, pipeline));
      const { body: environment } = await app.call('GET', 'environments/Acceptance');
      assert.equal(environment.Status, 'Stopped');
      const [held] = await app.listPackages();
      assert.equal((await app.call('GET', 'environments/Acceptance/package')).body.PackageId, held);
      assert.notEqual(held, before);
    });
  }
});

describe('a pipeline that cleans up', { concurrency: 2 }, async () => {
  for (const pipeline of await listPipelines('package-in-use')) {
    test(`${pipeline.name} does not get a package deleted that is in use`, async (t) => {
      const app = await world.addApp(pipeline.name, 'git');
      const used = await app.deploy();
      const unused = await app.build();
      const outcome = await app.run(t, pipeline, { KEEP: '0' });
      assertOutcome(pipeline, 'package-in-use', outcome);
      assert.deepEqual(await app.listPackages(), [used]);
      assert.ok(outcome.output.includes(unused), outcome.output);
    });
  }
});
