import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { RepositoryKind } from '../support/pipeline-app.ts';
import { openPipelineWorld } from '../support/pipeline-world.ts';
import { assertOutcome, listPipelines } from '../support/pipelines.ts';

/*
 * Whole pipelines as people have written them for the hosted service, in the folders of `pipelines`: newest revision,
 * build, poll, stop, transport, start, poll. Nothing of them changes but the host. Each deploys over the one before.
 */

const world = await openPipelineWorld({ after });
const deploying = await listPipelines('deploys');
/** The others run over Subversion in pipeline-targets.test.ts. */
const ON_SVN = ['bash-mxtoken', 'node-fetch', 'python-http-client', 'python-urllib'];
const PIPELINES: Readonly<Record<RepositoryKind, typeof deploying>> = {
  git: deploying,
  svn: deploying.filter(({ name }) => ON_SVN.includes(name)),
};
const leaving = await listPipelines('nothing-new');

describe('pipelines', { concurrency: 2 }, () => {
  for (const kind of ['git', 'svn'] as const) {
    test(`over ${kind}`, async (t) => {
      const app = await world.addApp(`calc-${kind}`, kind);
      for (const pipeline of PIPELINES[kind]) {
        await t.test(`${pipeline.name} ends with the newest revision running`, async () => {
          const { body: before } = await app.call('GET', 'environments/Acceptance/package');
          await app.commit({ 'page.html': pipeline.name });
          assertOutcome(pipeline, 'deploys', await app.run(t, pipeline));
          const { body: held } = await app.call('GET', 'environments/Acceptance/package');
          assert.deepEqual([held.Revision, held.Status], [app.newest(), 'Succeeded']);
          assert.match(held.Version, /^2\.5\.4\./);
          if (pipeline.description !== undefined) assert.equal(held.Description, pipeline.description);
          const { body: environment } = await app.call('GET', 'environments/Acceptance');
          assert.deepEqual([environment.Status, environment.ModelVersion], ['Running', held.Version]);
          assert.equal((await app.call('DELETE', `packages/${held.PackageId}`)).status, 409);
          if (before.PackageId === undefined) return;
          assert.equal((await app.call('DELETE', `packages/${before.PackageId}`)).status, 200);
        });
      }
      for (const pipeline of leaving) {
        await t.test(`${pipeline.name} leaves what runs alone where nothing is new`, async () => {
          const before = await app.listPackages();
          assertOutcome(pipeline, 'nothing-new', await app.run(t, pipeline));
          assert.deepEqual(await app.listPackages(), before);
        });
      }
    });
  }
});
