import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startBusyCluster } from '../support/busy-cluster.ts';
import { noise } from '../support/made-content.ts';
import { startMortalS3 } from '../support/s3/s3-child.ts';
import { type S3Effect, startFaultyS3 } from '../support/s3/s3-faults.ts';
import { atEndpoint, openTestS3 } from '../support/s3/s3-server.ts';

/** One package is sent with a request, the other one in two parts. */
const FILES = [300_000, 9_000_000].map((bytes) => ({ 'data.bin': noise(bytes, `${bytes} bytes`) }));
/** For longer than the store is waited for with one request, and than connections stay silent. */
const DEADLINE_MS = 180_000;

const FAULTS: readonly (readonly [on: RegExp, effect: S3Effect])[] = [
  [/./, { kind: 'status', status: 503 }],
  [/^PUT /, { kind: 'cut-request', afterBytes: 100_000 }],
  [/^GET /, { kind: 'cut-answer', afterBytes: 100_000 }],
  [/./, { kind: 'cut-answer', afterBytes: 0 }],
  [/./, { kind: 'slowness', ms: 3000 }],
];

async function startOverFaultyS3(t: TestContext) {
  const s3 = await openTestS3(t);
  const faults = await startFaultyS3(t, s3.endpoint);
  const { variables } = atEndpoint(s3, faults.endpoint);
  const busy = await startBusyCluster(t, { variables, files: FILES, clients: 3, deadlineMs: DEADLINE_MS });
  return { ...busy, faults };
}

test('S3 answers 503, cuts connections in the middle of bodies and is slow, and every accepted build succeeds once', async (t) => {
  const { faults, untilAccepted, finish } = await startOverFaultyS3(t);
  for (const [on, effect] of FAULTS) {
    await untilAccepted(2);
    faults.add({ on, times: 6, effect });
  }
  await untilAccepted(4);
  await finish();
});

test('S3 is away for longer than a request is tried, and every accepted build succeeds once', async (t) => {
  const { faults, untilAccepted, finish } = await startOverFaultyS3(t);
  await untilAccepted(3);
  const away = faults.add({ on: /./, times: Number.POSITIVE_INFINITY, effect: { kind: 'status', status: 503 } });
  await setTimeout(25_000);
  away.end();
  await untilAccepted(4);
  await finish();
});

test('S3 goes silent for a while, and every accepted build succeeds once', async (t) => {
  const { faults, untilAccepted, finish } = await startOverFaultyS3(t);
  await untilAccepted(3);
  const silent = faults.add({ on: /./, times: Number.POSITIVE_INFINITY, effect: { kind: 'silence' } });
  await setTimeout(20_000);
  silent.end();
  await untilAccepted(4);
  await finish();
});

test('the S3 store is killed in the middle of everything, and every accepted build succeeds once', async (t) => {
  const store = await startMortalS3(t);
  const { variables } = store.s3;
  const busy = await startBusyCluster(t, { variables, files: FILES, clients: 3, deadlineMs: DEADLINE_MS });
  for (const downMs of [0, 2000]) {
    await busy.untilAccepted(3);
    await store.kill();
    await setTimeout(downMs);
    await store.start();
  }
  await busy.untilAccepted(4);
  await busy.finish();
});
