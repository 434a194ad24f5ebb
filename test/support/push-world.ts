import assert from 'node:assert/strict';
import type { Configuration } from '../../src/main/configuration.ts';
import type { WirePush, WirePushAnswer } from '../../src/protocol/pushes.ts';
import { type BuildApiWorld, openBuildApiWorld } from './build-api-world.ts';
import type { Delivery } from './forge-pushes.ts';
import type { Answer } from './server.ts';
import { until } from './until.ts';

/** A server whose app `calc` takes pushes. */
export interface PushWorld extends BuildApiWorld {
  readonly secret: string;
  /** Adds a commit to a branch. @returns its full id */
  commit(branch?: string): Promise<string>;
  /** Sets a rule as Richard. */
  rule(branch: string, fields?: Readonly<Record<string, unknown>>): Promise<Answer>;
  send(delivery: Delivery, app?: string): Promise<Answer>;
  /** Sends what is taken. @returns what it was answered */
  push(delivery: Delivery): Promise<WirePushAnswer>;
  /** Newest first, as the management calls list them. */
  pushes(): Promise<readonly WirePush[]>;
  /** The newest push, once nothing waits any more. */
  settled(): Promise<WirePush>;
  packages(): Promise<Answer['body'][]>;
}

export async function openPushWorld(
  test: { after(work: () => unknown): void },
  overrides: Partial<Configuration> = {},
): Promise<PushWorld> {
  const world = await openBuildApiWorld(test, overrides);
  const { server, repository } = world;
  const set = await server.call('PUT', '/manage/1/apps/calc/push-secret', {});
  assert.equal(set.status, 200, JSON.stringify(set.body));
  let made = 0;
  const send: PushWorld['send'] = (delivery, app = 'calc') => sendPush(server.url, delivery, app);
  const pushes = async (): Promise<readonly WirePush[]> =>
    (await server.call('GET', '/manage/1/apps/calc/pushes')).body;
  return {
    ...world,
    secret: set.body.Secret,
    send,
    pushes,
    async commit(branch = 'main') {
      made += 1;
      const [id = ''] = await repository.commit([{ branch, files: { 'made.txt': String(made) } }]);
      return id;
    },
    async rule(branch, fields = {}) {
      const path = `/manage/1/apps/calc/push-rules/${encodeURIComponent(branch)}`;
      const answer = await world.call('PUT', path, fields);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      return answer;
    },
    async push(delivery) {
      const answer = await send(delivery);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      return answer.body;
    },
    settled: () =>
      until('every push is seen to', async () => {
        const all = await pushes();
        return all.every(({ Status }) => Status !== 'Waiting') && all[0];
      }),
    packages: async () => (await server.call('GET', '/api/1/apps/calc/packages')).body,
  };
}

export async function sendPush(url: string, { headers, body }: Delivery, app: string): Promise<Answer> {
  const response = await fetch(`${url}/hooks/${app}`, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
