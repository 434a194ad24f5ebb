import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { environmentCalls } from './environments.ts';
import { github } from './forge-pushes.ts';
import { makeMendixPackage } from './make-zip.ts';
import { openPushWorld, type PushWorld } from './push-world.ts';
import { type Answer, type Credentials, call } from './server.ts';
import { until } from './until.ts';
import { startWebhookReceiver } from './webhook-receiver.ts';
import { addWebhookTo } from './webhooks.ts';

/** What a server answered to calls, by their paths. */
export type Answers = Readonly<Record<string, unknown>>;

export interface GrownServer extends PushWorld {
  /** Of packages that Succeeded. */
  readonly succeeded: readonly string[];
  /** Of packages that have a log. */
  readonly logs: readonly string[];
  /** Asks it, or whoever takes its place, for everything. */
  ask(url: string): Promise<Answers>;
}

const APP = '/manage/1/apps/calc';
const PACKAGES = '/api/1/apps/calc/packages';

/** A server with something of everything that is kept. */
export async function growServer(test: Parameters<typeof startWebhookReceiver>[0]): Promise<GrownServer> {
  const world = await openPushWorld(test, { webhookNetworks: ['127.0.0.1'] });
  const { server, richard } = world;
  const receiver = await startWebhookReceiver(test);
  const webhook = await addWebhookTo(server.dataFolder, 'calc', { url: receiver.url });
  await expectOk(server.call('PUT', `${APP}/secrets/TOKEN`, { Value: 'hush hush' }));
  await expectOk(server.call('POST', `${APP}/environments`, { Mode: 'Acceptance' }));
  const built: string[] = [];
  for (let at = 0; at < 3; at += 1) built.push((await world.build({ Version: `1.0.${at}` })).PackageId);
  const mda = await makeMendixPackage({ ModelVersion: '7.0.1', RuntimeVersion: '10.6.0' }, { 'web/a.txt': 'a' });
  const sound = await upload(world, 'sound.mda', mda);
  const broken = await upload(world, 'broken.mda', mda.subarray(0, mda.length / 2));
  await world.rule('main', { Version: 'next-patch' });
  const after = await world.commit();
  await world.push(github({ branch: 'main', before: world.revisions[1], after }, world.secret));
  const pushed = await world.settled();
  const environment = environmentCalls(world.call, 'Acceptance');
  await expectOk(environment.transport(built[2] ?? ''));
  await expectOk(environment.set({ CustomSettings: [{ Name: 'SessionTimeout', Value: '4711' }] }));
  await environment.run();
  await expectOk(server.call('DELETE', `${PACKAGES}/${built[0]}`));
  const succeeded = [...built.slice(1), sound, pushed.PackageId ?? ''];
  await until('nothing is under way', async () => {
    const lists = [PACKAGES, `/api/v1/apps/calc/webhooks/${webhook}/messages`];
    const answers = await Promise.all(lists.map((path) => server.call('GET', path)));
    return !/"(?:Queued|Building|Pending)"/i.test(JSON.stringify(answers.map(({ body }) => body)));
  });
  const paths = [
    PACKAGES,
    APP,
    `${APP}/permissions`,
    `${APP}/secrets`,
    `${APP}/environments`,
    `${APP}/push-rules`,
    `${APP}/pushes`,
    '/manage/1/users',
    `/api/v1/apps/calc/webhooks`,
    `/api/v1/apps/calc/webhooks/${webhook}/messages`,
    `${environment.path}/settings`,
    environment.path,
    ...succeeded.map((id) => `${PACKAGES}/${id}`),
  ];
  const logs = [...succeeded, broken];
  return {
    ...world,
    succeeded,
    logs,
    ask: (url) => askAll(url, { paths, logs, packages: succeeded }, server.admin, richard),
  };
}

async function upload({ server, call: ask }: PushWorld, name: string, bytes: Uint8Array): Promise<string> {
  // What is no package is answered with an error, and kept as one that Failed.
  await fetch(`${server.url}${PACKAGES}/upload?name=${name}`, {
    method: 'POST',
    headers: { 'Mendix-Username': server.admin.username, 'Mendix-ApiKey': server.admin.apiKey },
    body: formWith(name, bytes),
  });
  return await until('the upload is checked', async () => {
    const { body } = await ask('GET', PACKAGES);
    const found = body.find(({ Name, Status }: Answer['body']) => Name === name && /Succeeded|Failed/.test(Status));
    return found?.PackageId;
  });
}

function formWith(name: string, bytes: Uint8Array): FormData {
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(bytes)]), name);
  return form;
}

async function askAll(
  url: string,
  { paths, logs, packages }: Readonly<Record<'paths' | 'logs' | 'packages', readonly string[]>>,
  admin: Credentials,
  richard: Credentials,
): Promise<Answers> {
  const answers: Record<string, unknown> = {};
  for (const path of paths) {
    const { status, body } = await call(url, 'GET', path, undefined, admin);
    assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
    answers[path] = body;
  }
  answers['as Richard'] = (await call(url, 'GET', PACKAGES, undefined, richard)).body;
  const { body: audit } = await call(url, 'GET', '/manage/1/audit', undefined, admin);
  answers.audit = audit.filter(({ Action }: Answer['body']) => Action !== 'server.move');
  for (const id of logs) {
    const headers = { 'Mendix-Username': admin.username, 'Mendix-ApiKey': admin.apiKey };
    const response = await fetch(`${url}${PACKAGES}/${id}/log`, { headers });
    answers[`log of ${id}`] = [response.status, await response.text()];
  }
  for (const id of packages) {
    const headers = { 'Mendix-Username': admin.username, 'Mendix-ApiKey': admin.apiKey };
    const response = await fetch(`${url}${PACKAGES}/${id}/download`, { headers });
    assert.equal(response.status, 200);
    answers[`file of ${id}`] = hash('sha256', Buffer.from(await response.arrayBuffer()));
  }
  return answers;
}

async function expectOk(answer: Promise<Answer>): Promise<void> {
  const { status, body } = await answer;
  assert.ok(status === 200 || status === 204, JSON.stringify(body));
}
