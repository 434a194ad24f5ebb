import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
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

const world = await openPipelineWorld({ after });

describe('a pipeline that cannot build', { concurrency: true }, async () => {
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

describe('a pipeline that cleans up', { concurrency: true }, async () => {
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
