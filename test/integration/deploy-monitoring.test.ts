import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { FAILURE_CODES } from '../../src/domain/failure.ts';
import { CHECKOUT, parseDocuments, readDeployFile } from '../support/deploy-files.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

const [alerts] = parseDocuments(await readDeployFile('prometheus/alerts.yaml'));
const rules: readonly { alert: string; expr: string }[] = alerts.groups.flatMap(
  ({ rules }: { rules: never[] }) => rules,
);
const dashboard = JSON.parse(await readDeployFile('grafana/slipway.json'));
const panels: readonly Panel[] = dashboard.panels;
const [scaler] = parseDocuments(await readDeployFile('kubernetes/components/autoscaling/scaled-object.yaml'));
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...scaler.spec.triggers.map(({ metadata }: { metadata: { query: string } }) => metadata.query),
];

/** Runs promtool, whose words are the error where it ends with one. */
async function promtool(...args: readonly string[]): Promise<void> {
  await promisify(execFile)('promtool', args).catch((error) => {
    throw new Error(`${error.stdout}${error.stderr}`, { cause: error });
  });
}

/** Every name under which a server has series. */
async function seriesOf(server: TestServer): Promise<ReadonlySet<string>> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
    ),
  );
}

test('alerts, dashboard and scaler ask for nothing but what a server measures', async (t) => {
  const there = await seriesOf(await startTestServer(t));
  const asked = expressions.flatMap((one) => one.match(/\b(?:slipway|nodejs|process)_\w+/g) ?? []);
  assert.deepEqual(
    [...new Set(asked)].filter((name) => !there.has(name)),
    [],
  );
  const own = [...there].filter((name) => name.startsWith('slipway_') && !/_(bucket|sum|count)$/.test(name));
  assert.deepEqual(
    own.filter((name) => !asked.includes(name)),
    ['slipway_packages_pruned_total'],
  );
});

test('the alert for whoever runs Slipway knows every reason that is theirs to mend', () => {
  const { expr } = rules.find(({ alert }) => alert === 'SlipwayBuildsFailForOperator') ?? { expr: '' };
  const [, outcomes = ''] = /outcome=~"([^"]+)"/.exec(expr) ?? [];
  const theirs = Object.entries(FAILURE_CODES).filter(([, { blame }]) => blame === 'operator');
  assert.deepEqual(outcomes.split('|').toSorted(), theirs.map(([code]) => code).toSorted());
});

test('Prometheus reads the alerts, and they fire when they should', async () => {
  await promtool('check', 'rules', join(CHECKOUT, 'deploy/prometheus/alerts.yaml'));
  await promtool('test', 'rules', join(CHECKOUT, 'deploy/prometheus/alerts.test.yaml'));
});

test('Prometheus understands what the dashboard and the scaler ask', async (t) => {
  const rulesFile = join(await temporaryFolder(t), 'rules.json');
  const asked = expressions.map((one) => one.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.*'));
  const recorded = asked.map((expr, at) => ({ record: `asked:${at}`, expr }));
  await writeFile(rulesFile, JSON.stringify({ groups: [{ name: 'asked', rules: recorded }] }));
  await promtool('check', 'rules', rulesFile);
});

test('every panel of the dashboard has its place, a title, and the data source that was chosen', () => {
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Set<string>();
  for (const { title, type, gridPos, targets } of panels) {
    assert.ok(title !== '');
    assert.equal(targets === undefined, type === 'row', title);
    for (const { datasource } of targets ?? []) assert.equal(datasource.uid, '$' + '{datasource}');
    const { x, y, w, h } = gridPos;
    assert.ok(x + w <= 24, title);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        assert.ok(!taken.has(`${column},${line}`), title);
        taken.add(`${column},${line}`);
      }
    }
  }
  const variables: readonly { name: string }[] = dashboard.templating.list;
  assert.deepEqual(
    variables.map(({ name }) => name),
    ['datasource', 'job'],
  );
});
