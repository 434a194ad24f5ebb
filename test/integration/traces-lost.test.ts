import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { startServer } from '../../src/main/server.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { makeTestRepository } from '../support/git.ts';
import { readPackage } from '../support/script-world.ts';
import { call, testConfiguration } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTraceCollector } from '../support/trace-collector.ts';
import { until } from '../support/until.ts';

/** A server that traces, and what it logs. */
async function startTracing(t: TestContext, collectorUrl: string, timeoutMs: number) {
  // The libraries read them there.
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collectorUrl;
  process.env.OTEL_EXPORTER_OTLP_TIMEOUT = String(timeoutMs);
  const folder = await temporaryFolder(t);
  const source = await makeTestRepository(join(folder, 'source.git'), { mainBranch: 'main' });
  const [revision] = await source.commit([{ branch: 'main', files: { 'readme.txt': 'one' } }]);
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
  const server = await startServer(testConfiguration(join(folder, 'data'), { traces: 'otlp' }), logger);
  t.after(() => server.stop());
  const admin = { username: 'admin', apiKey: server.adminKey ?? '' };
  const ask = (method: string, path: string, body?: unknown) => call(server.url, method, path, body, admin);
  await ask('POST', '/manage/1/apps', { AppId: 'calc', Repository: source.path });
  return {
    lines,
    stop: server.stop,
    async build() {
      const { body } = await ask('POST', '/api/1/apps/calc/packages', { Revision: revision, Version: '1.0.0' });
      const { status } = await readPackage({ url: server.url, admin, call: ask }, body.PackageId);
      assert.equal(status, 'Succeeded');
      return body.PackageId as string;
    },
  };
}

for (const [how, answer] of [
  ['is not there', undefined],
  ['never answers', 'silence'],
  ['refuses', 400],
] as const) {
  test(`a collector that ${how} costs builds nothing but their traces, and is told of once`, async (t) => {
    const collector = await startTraceCollector(t);
    if (answer !== undefined) collector.usually(answer);
    const url = answer === undefined ? `http://127.0.0.1:${await findFreePort()}` : collector.url;
    const { lines, build, stop } = await startTracing(t, url, 300);
    await build();
    await until('it is said', () => lines.length > 0);
    await build();
    await stop();
    const logged = lines.map((line) => JSON.parse(line));
    assert.deepEqual(
      logged.map(({ msg }) => msg),
      ['traces are not all sent'],
    );
    assert.match(logged[0].err.message, /^\d+ spans are lost: /);
    assert.deepEqual(collector.spans, []);
  });
}

test('what has not been sent when a server stops is sent then', async (t) => {
  const collector = await startTraceCollector(t);
  const { build, stop } = await startTracing(t, collector.url, 10_000);
  const packageId = await build();
  await stop();
  const names = collector.spans.map(({ name }) => name);
  for (const name of ['accept', 'queue', 'attempt']) assert.ok(names.includes(name), names.join());
  await collector.untilTraced(packageId, ['store']);
});

test('a server that stops does not wait for a collector that is silent', async (t) => {
  const collector = await startTraceCollector(t);
  collector.usually('silence');
  const { build, stop } = await startTracing(t, collector.url, 120_000);
  const packageId = await build();
  await until('traces are being sent', () => collector.requests.length > 0);
  await stop();
  assert.deepEqual(collector.spans, []);
  // What is under way is tried again.
  collector.usually(200);
  collector.cut();
  await collector.untilTraced(packageId, ['accept']);
});
