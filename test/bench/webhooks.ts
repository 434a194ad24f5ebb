import { insertMessage } from '../../src/database/tell-webhooks.ts';
import { countPendingMessages, failPendingMessages } from '../../src/database/webhook-messages.ts';
import { inDatabaseOf } from '../support/stores.ts';
import { addWebhookTo } from '../support/webhooks.ts';
import { addTrivialApp, type BenchApp, type BenchServer, startBenchServer } from './bench-server.ts';
import { trivialBuildMs, untilTagged } from './builds.ts';
import { inTurn } from './measure.ts';
import type { Bench, Row } from './row.ts';
import { startBareHttp } from './start-reference.ts';

const MESSAGES = 1000;
const WEBHOOKS = 20;
const ANSWER_MS = 50;
const BUILDS = 30;
const ROUNDS = 3;
/** About as long as what is told of a build. */
const PAYLOAD = JSON.stringify({ eventType: 'build.succeeded', filling: 'x'.repeat(400) });

/** How long a trivial build takes while messages go to slow endpoints, beside one while none do. */
export async function measureWebhooks(bench: Bench): Promise<readonly Row[]> {
  bench.say(`trivial builds while ${MESSAGES} messages go to slow endpoints`);
  const server = await startBenchServer(bench);
  const app = await addTrivialApp(bench, server);
  const told = await addTrivialApp(bench, server, 'told');
  const url = await startBareHttp(bench, '{}', ANSWER_MS);
  const webhooks: string[] = [];
  for (let at = 0; at < WEBHOOKS; at += 1)
    webhooks.push(await addWebhookTo(server.dataFolder, told.name, { url, eventTypes: ['build.queued'] }));
  await trivialBuildMs(server, app, BUILDS);
  const figures = await inTurn(ROUNDS, {
    without: () => trivialBuildMs(server, app, BUILDS),
    with: () => buildMsWhileDelivering(server, app, told, webhooks),
  });
  return [
    {
      title: `trivial build while ${MESSAGES} messages go to ${WEBHOOKS} webhooks that answer in ${ANSWER_MS} ms`,
      unit: 'ms',
      figure: figures.with,
      reference: { title: 'the same while none do', figure: figures.without },
      goal: { of: 'ratio', is: 'at most', value: 1.5 },
    },
  ];
}

async function buildMsWhileDelivering(
  server: BenchServer,
  app: BenchApp,
  told: BenchApp,
  webhooks: readonly string[],
): Promise<number> {
  const { dataFolder, client } = server;
  await inDatabaseOf(dataFolder, (database) =>
    database.transaction(async (queries) => {
      const at = Date.now();
      for (let count = 0; count < MESSAGES; count += 1) {
        const webhookId = webhooks[count % webhooks.length] ?? '';
        await insertMessage(queries, { webhookId, eventType: 'build.succeeded', payload: PAYLOAD, at });
      }
    }),
  );
  // Written from outside, they are seen once the server itself tells of something. That build is over when it counts.
  await client.finish(told.name, await client.start(told.name, { Revision: told.revisions[0], Version: '1.0.0' }));
  await untilTagged(client, told);
  const ms = await trivialBuildMs(server, app, BUILDS);
  await inDatabaseOf(dataFolder, async (database) => {
    const left = await countPendingMessages(database.read);
    if (left === 0) throw new Error('Every message was delivered before the builds had ended.');
    await database.transaction(async (queries) => {
      for (const id of webhooks) await failPendingMessages(queries, id, Date.now());
    });
  });
  return ms;
}
