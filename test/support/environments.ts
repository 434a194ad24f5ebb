import assert from 'node:assert/strict';
import type { Answer } from './server.ts';
import { until } from './until.ts';

type Call = (method: string, path: string, body?: unknown) => Promise<Answer>;

/** The documented calls on one environment. */
export function environmentCalls(call: Call, mode: string, app = 'calc') {
  const path = `/api/1/apps/${app}/environments/${mode}`;
  const start = async () => await call('POST', `${path}/start`, { AutoSyncDb: true });
  const startStatus = async (jobId: string) => await call('GET', `${path}/start/${jobId}`);
  return {
    path,
    get: async () => (await call('GET', path)).body,
    transport: async (PackageId: string) => await call('POST', `${path}/transport`, { PackageId }),
    stop: async () => await call('POST', `${path}/stop`),
    clean: async () => await call('POST', `${path}/clean`),
    settings: async () => (await call('GET', `${path}/settings`)).body,
    set: async (body?: unknown) => await call('POST', `${path}/settings`, body),
    start,
    startStatus,
    /** Starts it and waits until it has started. @returns the job */
    async run(): Promise<string> {
      const { body } = await start();
      assert.deepEqual(Object.keys(body), ['JobId'], JSON.stringify(body));
      await waitForStart(() => startStatus(body.JobId));
      return body.JobId;
    },
  };
}

/** Polls a start until it is Started. */
export async function waitForStart(status: () => Promise<Answer>): Promise<void> {
  await until('the environment has started', async () => {
    const answer = await status();
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.match(answer.body.Status, /^Start(?:ing|ed)$/);
    return answer.body.Status === 'Started';
  });
}
