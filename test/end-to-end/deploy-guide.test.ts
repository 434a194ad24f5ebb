import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { openCommandLine } from '../support/command-line.ts';
import { environmentCalls } from '../support/environments.ts';
import { listBlocks, splitWords } from '../support/page-blocks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GUIDE = new URL('../../docs/deploying.md', import.meta.url);

/** What docs/deploying.md says is done, word for word apart from the address. */
test('the commands and the pipeline of the guide end with the newest revision running', async (t) => {
  const world = await openBuildApiWorld(t);
  const { server, richard, revisions } = world;
  const folder = await temporaryFolder(t);
  const [commands, pipeline] = listBlocks(await readFile(GUIDE, 'utf8')).filter(({ language }) => language === 'bash');
  const slipway = openCommandLine(folder, {
    SLIPWAY_URL: server.url,
    SLIPWAY_USERNAME: server.admin.username,
    SLIPWAY_API_KEY: server.admin.apiKey,
  });
  const run = async (line: string) => {
    const outcome = await slipway.run(splitWords(line).slice(1));
    assert.equal(outcome.code, 0, `${line}: ${outcome.stderr}`);
    return outcome.stdout;
  };
  for (const line of (commands?.text ?? '').trim().split('\n')) await run(line);

  const host = 'HOST=http://127.0.0.1:4400';
  assert.equal((pipeline?.text ?? '').split('\n').filter((line) => line === host).length, 1);
  const file = join(folder, 'pipeline.sh');
  await writeFile(file, (pipeline?.text ?? '').replace(host, `HOST=${server.url}`));
  const runPipeline = async () => {
    const credentials = { MENDIX_USERNAME: richard.username, MENDIX_API_KEY: richard.apiKey };
    const env = { PATH: process.env.PATH, POLL_SECONDS: '0.1', ...credentials };
    return (await promisify(execFile)('bash', [file], { cwd: folder, env })).stdout;
  };
  const environment = environmentCalls(world.call, 'acceptance');
  const held = async () => (await world.call('GET', `${environment.path}/package`)).body;

  assert.match(await runPipeline(), /: Started\n$/);
  const first = await held();
  assert.equal(first.Revision, revisions[1]);
  const { Status, ModelVersion, Url } = await environment.get();
  assert.deepEqual([Status, ModelVersion, Url], ['Running', first.Version, 'https://calc-accp.example.com']);

  const [newest] = await world.repository.commit([
    { branch: 'main', files: { 'a.txt': 'new' }, parents: [revisions[1]] },
  ]);
  assert.match(await runPipeline(), /: Started\n$/);
  const second = await held();
  assert.equal(second.Revision, newest);
  assert.equal((await environment.get()).Status, 'Running');
  assert.equal((await world.call('DELETE', `/api/1/apps/calc/packages/${second.PackageId}`)).status, 409);
  assert.equal((await world.call('DELETE', `/api/1/apps/calc/packages/${first.PackageId}`)).status, 200);

  assert.match(
    await run('slipway environment list calc'),
    new RegExp(`Acceptance +Running +\\S+ +${second.PackageId}`),
  );
  const refused = await slipway.run(['environment', 'delete', 'calc', 'acceptance']);
  assert.deepEqual([refused.code, /stop it first/.test(refused.stderr)], [4, true]);
  await environment.stop();
  await run('slipway environment delete calc acceptance');
  assert.match(await run('slipway environment list calc'), /^MODE.*\nProduction \(production\) +Empty +record +https/);
});
