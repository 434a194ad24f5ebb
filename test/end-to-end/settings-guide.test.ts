import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { openCommandLine } from '../support/command-line.ts';
import { environmentCalls } from '../support/environments.ts';
import { buildMendixPackage } from '../support/mendix-revision.ts';
import { listBlocks, splitWords } from '../support/page-blocks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GUIDE = new URL('../../docs/deploying.md', import.meta.url);
const ADDRESS = 'https://calc-accp.example.com';
const DECLARED = {
  Constants: [
    { Name: 'Main.Address', Type: 'String', DefaultValue: 'https://example.com' },
    { Name: 'Main.ApiKey', Type: 'String' },
  ],
  ScheduledEvents: [{ Name: 'Main.Nightly' }],
};

/** An environment that holds a package with these settings, and a command line of an admin. */
async function openWorld(t: { after(work: () => unknown): void }) {
  const world = await openBuildApiWorld(t);
  const { server } = world;
  const folder = await temporaryFolder(t);
  const { username, apiKey } = server.admin;
  const variables = { SLIPWAY_URL: server.url, SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey };
  const slipway = openCommandLine(folder, variables);
  await server.call('POST', '/manage/1/apps/calc/environments', { Mode: 'Acceptance' });
  const environment = environmentCalls(world.call, 'Acceptance');
  await environment.transport((await buildMendixPackage(world, DECLARED)).PackageId);
  const valuesOf = async () => {
    const settings: Record<string, { Name: string; Value: string | null }[]> = await environment.settings();
    return Object.fromEntries(Object.values(settings).flatMap((list) => list.map(({ Name, Value }) => [Name, Value])));
  };
  return { ...world, folder, slipway, environment, valuesOf };
}

const rowsOf = (table: string) => table.trimEnd().replaceAll(/ {2,}/g, ' | ').split('\n');

test('the commands and the call of the guide set what they say', async (t) => {
  const { server, richard, folder, slipway, environment, valuesOf } = await openWorld(t);
  await writeFile(join(folder, 'api-key.txt'), 'key-4711\n');
  const blocks = listBlocks(await readFile(GUIDE, 'utf8'));
  const [commands, request] = blocks.filter(({ mark }) => mark === 'run by test/end-to-end/settings-guide.test.ts');
  const printed: string[] = [];
  for (const line of (commands?.text ?? '').trim().split('\n')) {
    const { code, stdout, stderr } = await slipway.run(splitWords(line).slice(1));
    assert.equal(code, 0, `${line}: ${stderr}`);
    printed.push(stdout);
  }
  const [shown = '', ...set] = printed;
  assert.deepEqual(rowsOf(shown), [
    'NAME | KIND | NEXT START | LAST START',
    'Main.Address | constant (String) | https://example.com | –',
    'Main.ApiKey | constant (String) | – | –',
    'Main.Nightly | scheduled event | Disabled | –',
  ]);
  const told = 'Set for the next start of Acceptance of calc:';
  assert.deepEqual(set, [
    `${told} Main.Address, Main.Nightly.\n`,
    `${told} Main.ApiKey, SessionTimeout.\n`,
    'Taken back for the next start of Acceptance of calc: Main.Address.\n',
  ]);
  const { stdout: table } = await slipway.run(['environment', 'settings', 'calc', 'Acceptance']);
  assert.deepEqual(rowsOf(table).slice(1), [
    'Main.Address | constant (String) | https://example.com | –',
    'Main.ApiKey | constant (String) | key-4711 | –',
    'Main.Nightly | scheduled event | Enabled | –',
    'SessionTimeout | custom setting | 600000 | –',
  ]);

  const script = (request?.text ?? '').replace('http://127.0.0.1:4400', server.url);
  const env = { PATH: process.env.PATH, MENDIX_USERNAME: richard.username, MENDIX_API_KEY: richard.apiKey };
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { env });
  assert.deepEqual(JSON.parse(stdout), await environment.settings());
  const expected = {
    'Main.Address': ADDRESS,
    'Main.ApiKey': 'key-4711',
    'Main.Nightly': 'Enabled',
    SessionTimeout: '600000',
  };
  assert.deepEqual(await valuesOf(), expected);
  await environment.run();
});

test('the command says what it cannot set, and sets nothing then', async (t) => {
  const { slipway, valuesOf, environment } = await openWorld(t);
  const run = async (args: string, stdin?: string) =>
    await slipway.run(`environment ${args}`.split(' '), stdin === undefined ? {} : { stdin });
  const set = await run('set calc acceptance --constant Main.ApiKey=@- --json', 'from-input');
  assert.equal(set.code, 0, set.stderr);
  assert.deepEqual(JSON.parse(set.stdout), await environment.settings());
  const before = await valuesOf();
  assert.equal(before['Main.ApiKey'], 'from-input');
  for (const [args, code, words] of [
    ['set calc acceptance', 2, /nothing to set/],
    ['set calc acceptance --constant Main.ApiKey', 2, /^--constant Main\.ApiKey: give a name and a value, as in/],
    ['set calc acceptance --constant Main.ApiKey=@absent.txt', 2, /absent\.txt cannot be read/],
    ['set calc acceptance --unset Main.None', 2, /^--unset Main\.None: /],
    ['set calc acceptance --constant Main.ApiKey=x --scheduled-event Main.Nightly=perhaps', 4, /Enabled or Disabled/],
    ['settings calc nowhere', 4, /has no environment 'nowhere'/],
  ] as const) {
    const outcome = await run(args);
    assert.match(outcome.stderr, words);
    assert.equal(outcome.code, code, args);
  }
  assert.deepEqual(await valuesOf(), before);
});
