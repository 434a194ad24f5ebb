import { test } from 'node:test';
import { startBusyCluster } from '../support/busy-cluster.ts';
import { type S3Effect, startFaultyS3 } from '../support/s3/s3-faults.ts';
import { atEndpoint, openTestS3 } from '../support/s3/s3-server.ts';

const EFFECTS: readonly S3Effect[] = [
  { kind: 'status', status: 503 },
  { kind: 'cut-request', afterBytes: 1000 },
  { kind: 'cut-answer', afterBytes: 0 },
  { kind: 'cut-answer', afterBytes: 1000 },
];

test('S3 answers 503 and cuts connections, and every package that Succeeded has its bytes', async (t) => {
  const s3 = await openTestS3(t);
  const faulty = await startFaultyS3(t, s3.endpoint);
  const { variables } = atEndpoint(s3, faulty.endpoint);
  const { untilAccepted, finish } = await startBusyCluster(t, { variables });
  for (const effect of EFFECTS) {
    await untilAccepted(2);
    faulty.add({ on: /^(?:PUT|POST|GET|DELETE|HEAD) /, times: 6, effect });
  }
  // More than anybody tries again.
  const away = faulty.add({ on: /./, times: Number.POSITIVE_INFINITY, effect: { kind: 'status', status: 503 } });
  await untilAccepted(3);
  away.end();
  await untilAccepted(4);
  await finish(/^canceled$|^The store that packages are kept in cannot be reached/);
});
