import assert from 'node:assert/strict';
import { hash, randomUUID } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import type { TargetKind } from '../../src/protocol/environments.ts';
import { startDeployReceiver, WEBHOOK_SECRET } from '../support/deploy-receiver.ts';
import { openFront } from '../support/front.ts';
import { startStandInApi } from '../support/kubernetes/stand-in-api.ts';
import { runStandInOperator } from '../support/kubernetes/stand-in-operator.ts';
import type { TargetOfEnvironment } from '../support/pipeline-app.ts';
import { openPipelineWorld } from '../support/pipeline-world.ts';
import { assertOutcome, listPipelines } from '../support/pipelines.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/*
 * Where the pipelines of `pipelines` end: the package that they have built runs where the target of the environment has
 * put it. That of `record` is in pipelines.test.ts.
 */

type RealTarget = Exclude<TargetKind, 'record'>;

/** A package of the Build API, as far as it is looked at here. */
interface DeployedPackage {
  readonly PackageId: string;
  readonly Sha256: string;
}

/** Something to deploy to. */
interface Place {
  readonly target: TargetOfEnvironment;
  assertRuns(deployed: DeployedPackage, environmentId: string): Promise<void>;
}

const deployFolder = await temporaryFolder({ after });

const PLACES: Readonly<Record<RealTarget, (t: TestContext) => Promise<Place>>> = {
  async directory() {
    const folder = join(deployFolder, randomUUID());
    const start = `cp '${folder}/current/page.html' '${folder}/running.html'`;
    return {
      target: { Target: 'directory', TargetOptions: { folder, start } },
      async assertRuns({ PackageId }) {
        assert.equal(await readlink(join(folder, 'current')), `releases/${PackageId}`);
        for (const file of ['current/page.html', 'running.html']) {
          assert.equal(await readFile(join(folder, file), 'utf8'), 'three', file);
        }
      },
    };
  },
  async webhook(t) {
    const receiver = await startDeployReceiver(t, 'report');
    return {
      target: { Target: 'webhook', TargetOptions: { url: receiver.url, secret: WEBHOOK_SECRET } },
      async assertRuns({ PackageId, Sha256 }, environmentId) {
        // The receiver has fetched the package, and compared it with what it was told, before it reported.
        assert.equal(receiver.running(environmentId), PackageId);
        const orders = receiver.orders.map(({ type }) => type.replace('environment.', ''));
        assert.deepEqual(orders.slice(-3), ['stop', 'transport', 'start']);
        assert.equal(receiver.orders.at(-1)?.data.package?.sha256, Sha256);
      },
    };
  },
  async kubernetes(t) {
    const api = await startStandInApi(t);
    const operator = runStandInOperator(t, api, { build: async (sourceUrl) => void (await fetchHash(sourceUrl)) });
    const resource = ['apps', 'calc-acceptance'] as const;
    api.apps.add(...resource, { replicas: 0 });
    const { server, ca, token } = api;
    const options = { server, ca, token, namespace: resource[0], resource: resource[1] };
    return {
      target: { Target: 'kubernetes', TargetOptions: options },
      async assertRuns({ Sha256 }) {
        const { sourceURL } = api.apps.find(...resource)?.spec ?? {};
        assert.equal(operator.findRunning(...resource), sourceURL);
        assert.equal(await fetchHash(sourceURL), Sha256);
      },
    };
  },
};

/** Each target has a pipeline over Git and one over Subversion. */
const PIPELINES: Readonly<Record<RealTarget, { readonly git: string; readonly svn: string }>> = {
  directory: { git: 'python-urllib', svn: 'bash-team-server' },
  webhook: { git: 'node-fetch', svn: 'powershell-5' },
  kubernetes: { git: 'bash-mxtoken', svn: 'node-https' },
};

const front = await openFront({ after });
const publicUrl = front.url.replace('http:', 'https:');
const world = await openPipelineWorld({ after }, { publicUrl, deployFolders: [deployFolder] });
front.leadTo(world.server.url);
const pipelines = await listPipelines('deploys');

describe('pipelines', { concurrency: 2 }, () => {
  for (const kind of Object.keys(PLACES) as RealTarget[]) {
    for (const repository of ['git', 'svn'] as const) {
      const name = PIPELINES[kind][repository];
      test(`${name} over ${repository} ends with its package where the target ${kind} has put it`, async (t) => {
        const pipeline = pipelines.find((one) => one.name === name) ?? assert.fail(name);
        const place = await PLACES[kind](t);
        const app = await world.addApp(`${kind}-${repository}`, repository, place.target);
        await app.deploy();
        await app.commit({ 'page.html': 'three' });
        assertOutcome(pipeline, 'deploys', await app.run(t, pipeline));
        const { body: held } = await app.call('GET', 'environments/Acceptance/package');
        assert.equal(held.Revision, app.newest());
        const { body: environment } = await app.call('GET', 'environments/Acceptance');
        assert.equal(environment.Status, 'Running');
        await place.assertRuns(held, environment.EnvironmentId);
      });
    }
  }
});

async function fetchHash(url: string): Promise<string> {
  const answer = await fetch(url);
  assert.equal(answer.status, 200, url);
  return hash('sha256', await answer.bytes());
}
