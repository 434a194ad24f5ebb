import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  DeploymentFailure,
  type TargetEnvironment,
  type TargetPackage,
} from '../../src/deployment/deployment-target.ts';
import { type DirectoryWorld, openDirectoryWorld, START } from '../support/directory-world.ts';
import { processesWith } from '../support/processes-with.ts';
import { until } from '../support/until.ts';

const NONE = { constants: {}, customSettings: {}, scheduledEvents: {} };
const { signal } = new AbortController();
/** Each package brings its own start. */
const OWN_START = { start: '. ./start.sh' };

const failing = (words: RegExp, code?: string) => (error: unknown) =>
  error instanceof DeploymentFailure && error.code === code && words.test(error.message);

const failingWith = (nothingRuns: boolean, words: RegExp) => (error: unknown) =>
  failing(words)(error) && error instanceof DeploymentFailure && error.nothingRuns === nothingRuns;

async function transported(world: DirectoryWorld, environment: TargetEnvironment, start: string, version?: string) {
  const given = await world.addPackage({ 'start.sh': start }, version);
  await world.target.transport(environment, given, signal);
  return given;
}

const run = (world: DirectoryWorld, environment: TargetEnvironment, given: TargetPackage, bound = signal) =>
  world.target.start(environment, { id: randomUUID(), package: given, autoSyncDb: true, settings: NONE }, bound);

const current = (world: DirectoryWorld) => readlink(join(world.folder('Test'), 'current')).catch(() => undefined);

test('a start takes the place of what runs; one that fails goes back to it, and says so', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', OWN_START);
  const good = await transported(world, environment, START, '1.0.0');
  await run(world, environment, good);
  const better = await transported(world, environment, START, '2.0.0');
  await run(world, environment, better);
  assert.equal(await world.findRunning('Test'), better.id);
  const bad = await transported(world, environment, 'echo; echo "the port is taken"; exit 3', '3.0.0');
  await assert.rejects(
    run(world, environment, bad),
    failingWith(
      false,
      /^its start command ended with 3, and last said 'the port is taken'\. Went back to .*\(2\.0\.0\), which runs again\.$/,
    ),
  );
  assert.equal(await world.findRunning('Test'), better.id);
  assert.equal(await current(world), `releases/${better.id}`);
  await world.target.stop(environment, signal);
  assert.equal(await world.findRunning('Test'), undefined);
  await assert.rejects(run(world, environment, bad), failing(/Went back to .*\(2\.0\.0\), which did not run\.$/));
  assert.equal(await current(world), `releases/${better.id}`);
  assert.equal(await world.findRunning('Test'), undefined);
});

test('a first start that fails leaves no link, and what it left running is stopped', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', OWN_START);
  const given = await transported(world, environment, `${START}\n echo errorCode=DB_SYNC_FAILED\n exit 1`);
  await assert.rejects(run(world, environment, given), failing(/^its start command ended with 1\.$/, 'DB_SYNC_FAILED'));
  assert.equal(await current(world), undefined);
  assert.equal(await world.findRunning('Test'), undefined);
});

test('a failure says that what ran before could not be started again either', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', OWN_START);
  const once = await transported(world, environment, `[ ! -e ../../once ] || exit 9\n touch ../../once\n${START}`);
  await run(world, environment, once);
  const bad = await transported(world, environment, 'exit 3');
  await assert.rejects(
    run(world, environment, bad),
    failingWith(true, /could not be started again: its start command ended with 9/),
  );
  assert.equal(await world.findRunning('Test'), undefined);
});

test('where the link cannot be switched, what ran before runs again', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', OWN_START);
  const good = await transported(world, environment, START, '1.0.0');
  await run(world, environment, good);
  const next = await transported(world, environment, START, '2.0.0');
  // What has the name that the next link is made under.
  await mkdir(join(world.folder('Test'), 'current.next'));
  await assert.rejects(run(world, environment, next), failing(/current\.next.*\(1\.0\.0\), which runs again\.$/));
  assert.equal(await world.findRunning('Test'), good.id);
  assert.equal(await current(world), `releases/${good.id}`);
});

test('commands are told of the release and nothing else of the server, in its folder', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', { start: 'env > ../../told; pwd -P >> ../../told' });
  const given = await transported(world, environment, '', '2.5.4.7');
  const settings = { ...NONE, constants: { 'Main.Greeting': 'hello' } };
  await world.target.start(environment, { id: randomUUID(), package: given, autoSyncDb: true, settings }, signal);
  const told = (await readFile(join(world.folder('Test'), 'told'), 'utf8')).trim().split('\n');
  const release = join(world.folder('Test'), 'releases', given.id);
  const settingsFile = join(world.folder('Test'), '.slipway', 'settings', `${given.id}.json`);
  const shells = /^(?:PWD|OLDPWD|SHLVL|_)=/;
  assert.deepEqual(told.filter((line) => !shells.test(line)).toSorted(), [
    `${release}`,
    `HOME=${join(world.allowed, '..')}`,
    `PATH=${process.env.PATH}`,
    'SLIPWAY_APP=calc',
    'SLIPWAY_AUTO_SYNC_DB=true',
    'SLIPWAY_ENVIRONMENT=Test',
    `SLIPWAY_PACKAGE_ID=${given.id}`,
    `SLIPWAY_RELEASE=${release}`,
    `SLIPWAY_SETTINGS=${settingsFile}`,
    'SLIPWAY_VERSION=2.5.4.7',
  ]);
  assert.deepEqual(JSON.parse(await readFile(settingsFile, 'utf8')), settings);
  assert.equal((await stat(settingsFile)).mode & 0o777, 0o600);
});

test('a start command that takes too long is killed with its group', async (t) => {
  const world = await openDirectoryWorld(t, { timeoutMs: 1000 });
  const environment = world.environment('Test', { ...OWN_START, stop: '' });
  const given = await transported(world, environment, 'sleep 61 & wait');
  await assert.rejects(run(world, environment, given), failing(/longer than 1 s.*SLIPWAY_DEPLOY_TIMEOUT/));
  const left = async () => await processesWith(`SLIPWAY_PACKAGE_ID=${given.id}`);
  await until('nothing of it is left', async () => (await left()).length === 0);
  assert.equal(await current(world), undefined);
});

test('a start that is cut off ends at once; a stop then goes back to the release before', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', OWN_START);
  const good = await transported(world, environment, START);
  await run(world, environment, good);
  const endless = await transported(world, environment, 'touch ../../begun; sleep 62 & wait');
  const cut = new AbortController();
  const starting = run(world, environment, endless, cut.signal);
  await until('it starts', () => stat(join(world.folder('Test'), 'begun')).catch(() => undefined));
  const reason = new Error('enough');
  cut.abort(reason);
  await assert.rejects(starting, (error) => error === reason);
  const left = async () => await processesWith(`SLIPWAY_PACKAGE_ID=${endless.id}`);
  await until('nothing of it is left', async () => (await left()).length === 0);
  await world.target.stop(environment, signal);
  assert.equal(await current(world), `releases/${good.id}`);
  assert.equal(await world.findRunning('Test'), undefined);
});

test('what cannot be stopped goes on running, and nothing takes its place', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', { stop: 'echo no; exit 4' });
  const [first, second] = [await transported(world, environment, ''), await transported(world, environment, '')];
  await run(world, environment, first);
  const refused = failing(/^its stop command ended with 4, and last said 'no'\.$/);
  await assert.rejects(run(world, environment, second), refused);
  await assert.rejects(world.target.stop(environment, signal), refused);
  assert.equal(await world.findRunning('Test'), first.id);
  assert.equal(await current(world), `releases/${first.id}`);
});

test('the newest releases stay, and the one that current leads to; others go, also where nothing is started', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', { start: '', stop: '', keep: 2 });
  const given: TargetPackage[] = [await transported(world, environment, '')];
  const foreign = join(world.folder('Test'), 'releases', 'mine');
  await mkdir(foreign);
  await run(world, environment, given[0] ?? assert.fail());
  await world.target.stop(environment, signal);
  for (let index = 1; index < 5; index++) given.push(await transported(world, environment, ''));
  const [first, second, third, fourth, fifth] = given.map(({ id }) => id);
  const left = async () => (await readdir(join(world.folder('Test'), 'releases'))).toSorted();
  // The one that came last stays until the next one is held.
  assert.deepEqual(await left(), ['mine', first, third, fourth, fifth].toSorted());
  await run(world, environment, given[4] ?? assert.fail());
  assert.deepEqual(await left(), ['mine', fourth, fifth].toSorted());
  await assert.rejects(run(world, environment, given[1] ?? assert.fail()), failing(/transport it again/, 'NO_PACKAGE'));
  await world.target.transport(environment, given[1] ?? assert.fail(), signal);
  await run(world, environment, given[1] ?? assert.fail());
  assert.deepEqual(await left(), ['mine', second, fifth].toSorted());
  assert.deepEqual(world.errors, []);
});

test('cleaning runs the clean command in the folder of the release; without one it says that data stays', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', { ...OWN_START, clean: 'rm -r ../../data' });
  await transported(world, environment, START);
  await mkdir(join(world.folder('Test'), 'data'));
  await writeFile(join(world.folder('Test'), 'data', 'file'), 'x');
  await world.target.clean(environment, signal);
  await assert.rejects(stat(join(world.folder('Test'), 'data')), /ENOENT/);
  await assert.rejects(world.target.clean(environment, signal), failing(/^its clean command ended with 1/));
  const { clean, ...without } = environment.options;
  const cleaning = world.target.clean({ ...environment, options: without }, signal);
  await assert.rejects(cleaning, failing(/no clean command, so its data stays/));
});
