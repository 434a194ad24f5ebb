import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import type { PackageId } from '../../src/domain/identifiers.ts';
import { openCommandLine } from '../support/command-line.ts';
import { addApp, addPackage } from '../support/database.ts';
import { listBlocks, splitWords } from '../support/page-blocks.ts';
import { startOnTerminal } from '../support/run-slipway.ts';
import { startTestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GUIDE = new URL('../../docs/retention.md', import.meta.url);
const DAY_MS = 86_400_000;
const PACKAGES = '/api/1/apps/calc/packages';

/** A server whose app `calc` has packages of these ages, in days, the oldest first; and a command line of an admin. */
async function openWorld(t: TestContext, ages: readonly number[]) {
  const dataFolder = await temporaryFolder(t);
  const database = await openSqliteDatabase(join(dataFolder, 'slipway.db'));
  const app = await addApp(database, 'calc');
  const ids: PackageId[] = [];
  for (const [at, age] of ages.entries()) {
    const file = { status: 'Succeeded', blob_key: `key-${at}`, sha256: '', size_bytes: 1024 } as const;
    const name = `calc-1.0.${at}.mda`;
    ids.push(await addPackage(database, app, { ...file, name, created_at: Date.now() - age * DAY_MS }));
  }
  await database.close();
  const server = await startTestServer(t, { dataFolder });
  const { username, apiKey } = server.admin;
  const variables = { SLIPWAY_URL: server.url, SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey };
  const folder = await temporaryFolder(t);
  const slipway = openCommandLine(folder, variables);
  return {
    server,
    ids,
    folder,
    variables,
    run: (line: string) => slipway.run(splitWords(line).slice(1)),
    async count(): Promise<number> {
      return (await server.call('GET', PACKAGES)).body.length;
    },
  };
}

test('the commands and the call of the guide do what it says', async (t) => {
  const ages = [...Array.from({ length: 12 }, () => 40), ...Array.from({ length: 3 }, () => 20)];
  const { server, ids, run, count } = await openWorld(t, ages);
  const marked = listBlocks(await readFile(GUIDE, 'utf8')).filter(({ mark }) => mark?.includes('retention-guide'));
  const [trying, setting, pinning, deleting, call] = marked.map(({ text }) =>
    text.replaceAll('<package id>', ids[0] ?? ''),
  );
  const runAll = async (block = '') => {
    const printed: string[] = [];
    for (const line of block.trim().split('\n')) {
      const { code, stdout, stderr } = await run(line);
      assert.equal(code, 0, `${line}: ${stderr}`);
      printed.push(stdout);
    }
    return printed;
  };

  const [tried = ''] = await runAll(trying);
  assert.match(tried, /^NAME +STATUS +SIZE +CREATED +PACKAGE ID\ncalc-1\.0\.0\.mda +Succeeded +1\.00 KiB +/);
  const summary =
    '5 packages of calc would be deleted by newest=10,days=30: 5.00 KiB.\nKept: 10 among the newest of their branch.\n';
  assert.ok(tried.endsWith(summary), tried);
  assert.equal(await count(), 15);

  const script = (call ?? '').replace('http://127.0.0.1:4400', server.url);
  const { username, apiKey } = server.admin;
  const env = { PATH: process.env.PATH, MENDIX_USERNAME: username, MENDIX_API_KEY: apiKey };
  const answer = JSON.parse((await promisify(execFile)('bash', ['-c', script], { env })).stdout);
  assert.deepEqual([answer.DryRun, answer.Count, answer.Cursor], [true, 5, null]);

  assert.deepEqual(await runAll(pinning), [`Pinned the package ${ids[0]}.\n`, `Unpinned the package ${ids[0]}.\n`]);
  const [changed = '', shown = ''] = await runAll(setting);
  for (const text of [changed, shown]) assert.match(text, /^Retention +newest=10,days=30$/m);
  await until('the server has pruned it', async () => (await count()) === 10);

  const [again, hosted] = await runAll(deleting);
  assert.equal(
    again,
    '0 packages of calc deleted by newest=10,days=30: 0 B.\nKept: 10 among the newest of their branch.\n',
  );
  assert.match(hosted ?? '', /^10 packages of calc deleted by hosted: 10\.0 KiB\.$/m);
  assert.equal(await count(), 0);
  const { stdout } = await run('slipway audit list');
  assert.match(stdout, /slipway +package\.prune +calc +\S+ \S+, not kept by newest=10,days=30/);
  assert.match(stdout, /admin +package\.prune +calc +\S+ \S+, not kept by hosted/);
});

test('each retention of the table is accepted, and shown as it was given', async (t) => {
  const { run, server } = await openWorld(t, [1]);
  const page = await readFile(GUIDE, 'utf8');
  const table = page.slice(page.indexOf('| `--retention`'));
  const words = [...table.slice(0, table.indexOf('\n\n')).matchAll(/^\| `([^`-]+)` \|/gm)].map(([, word = '']) => word);
  assert.equal(words.length, 5);
  for (const word of words) {
    const { stdout, code } = await run(`slipway app update calc --retention ${word}`);
    assert.equal(code, 0);
    if (word === 'none') assert.doesNotMatch(stdout, /Retention/);
    else assert.match(stdout, new RegExp(`^Retention +${word}$`, 'm'));
  }
  assert.equal((await server.call('GET', '/manage/1/apps/calc')).body.Retention, null);
});

test('the command says what it cannot do, and deletes nothing then', async (t) => {
  const { run, count } = await openWorld(t, [40, 40]);
  for (const [line, code, words] of [
    ['slipway package prune calc --keep-newest 1', 2, /^Give --yes to delete packages, or --dry-run to see which\.\n$/],
    ['slipway package prune calc --keep-newest 1 --json', 2, /"Give --yes/],
    ['slipway package prune calc --yes', 4, /'calc' keeps all its packages/],
    ['slipway package prune calc --keep-newest 0 --yes', 2, /whole number from 1 on/],
    ['slipway package prune calc --preset other --yes', 2, /hosted/],
    ['slipway package prune calc --preset hosted --keep-days 3 --yes', 4, /'hosted' and more|Preset alone/],
    ['slipway package prune nowhere --yes', 4, /App not found/],
    ['slipway app update calc --retention newest', 2, /'newest=10,days=30'/],
  ] as const) {
    const outcome = await run(line);
    assert.match(outcome.stderr, words, line);
    assert.equal(outcome.code, code, line);
    assert.equal(outcome.stdout, '');
  }
  assert.equal(await count(), 2);
  const { stdout } = await run('slipway package prune calc --keep-newest 1 --yes --json');
  assert.equal(JSON.parse(stdout).Count, 1);
  assert.equal(await count(), 1);
});

test('on a terminal it shows what would go, and deletes once that was confirmed', async (t) => {
  const { folder, variables, count } = await openWorld(t, [40, 40, 40]);
  const args = ['package', 'prune', 'calc', '--keep-newest', '1'];
  for (const [typed, left] of [
    ['\n', 3],
    ['yes\n', 1],
  ] as const) {
    const terminal = startOnTerminal(t, folder, args, variables);
    await terminal.untilPrinted('Delete 2 packages of calc? [y/N]');
    assert.match(terminal.printed(), /2 packages of calc would be deleted by newest=1/);
    terminal.process.stdin?.write(typed);
    assert.equal((await terminal.ended).code, 0);
    assert.equal(await count(), left);
  }
});
