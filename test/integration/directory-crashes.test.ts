import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rename, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TargetEnvironment, TargetPackage } from '../../src/deployment/deployment-target.ts';
import type { DeployForever } from '../support/deploy-forever.ts';
import { type DirectoryWorld, openDirectoryWorld, START } from '../support/directory-world.ts';
import { processesWith } from '../support/processes-with.ts';
import { until } from '../support/until.ts';

const NONE = { constants: {}, customSettings: {}, scheduledEvents: {} };
const DEPLOY_FOREVER = fileURLToPath(new URL('../support/deploy-forever.ts', import.meta.url));
const { signal } = new AbortController();

const run = (world: DirectoryWorld, environment: TargetEnvironment, given: TargetPackage) =>
  world.target.start(environment, { id: randomUUID(), package: given, autoSyncDb: true, settings: NONE }, signal);

/** An environment that runs one package and was given another, which starts as it says. */
async function setUp(t: TestContext, start: string) {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', { start: '. ./start.sh' });
  const [former, next] = [await world.addPackage({ 'start.sh': START }), await world.addPackage({ 'start.sh': start })];
  await world.target.transport(environment, former, signal);
  await run(world, environment, former);
  await world.target.transport(environment, next, signal);
  const [folder, current] = [world.folder('Test'), join(world.folder('Test'), 'current')];
  const state = join(folder, '.slipway', 'state.json');
  return {
    world,
    environment,
    former,
    next,
    folder,
    /** Leaves behind what a server does that is killed after it wrote down that it starts the next package. */
    async leaveStarting(linkTo: TargetPackage) {
      const kept = JSON.parse(await readFile(state, 'utf8'));
      const run = { phase: 'starting', id: next.id, former: former.id, formerRan: true };
      await writeFile(state, JSON.stringify({ ...kept, run }));
      await unlink(current);
      await symlink(`releases/${linkTo.id}`, current);
      await symlink('releases/unfinished', `${current}.next`);
    },
    currentId: async () => (await readlink(current)).replace('releases/', ''),
  };
}

test('a start that was cut off before the link was switched stops what ran, and starts', async (t) => {
  const { world, environment, former, next, leaveStarting, currentId } = await setUp(t, START);
  await leaveStarting(former);
  await run(world, environment, next);
  assert.deepEqual([await world.findRunning('Test'), await currentId()], [next.id, next.id]);
});

test('a start that was cut off after that still goes back to what ran, when it fails', async (t) => {
  const { world, environment, former, next, leaveStarting, currentId } = await setUp(t, 'exit 3');
  await world.target.stop(environment, signal);
  await leaveStarting(next);
  await assert.rejects(run(world, environment, next), /which runs again/);
  assert.deepEqual([await world.findRunning('Test'), await currentId()], [former.id, former.id]);
});

test('a stop after a start that was cut off stops whatever runs, and goes back', async (t) => {
  const { world, environment, former, next, leaveStarting, currentId } = await setUp(t, START);
  await leaveStarting(next);
  await world.target.stop(environment, signal);
  assert.deepEqual([await world.findRunning('Test'), await currentId()], [undefined, former.id]);
});

test('what was unpacked or removed by half is gone with the next call, and unpacked anew', async (t) => {
  const { world, environment, next, folder } = await setUp(t, START);
  const release = join(folder, 'releases', next.id);
  await rename(release, `${release}.partial`);
  await unlink(join(`${release}.partial`, 'start.sh'));
  await mkdir(join(folder, 'releases', `${environment.id}.partial`, 'a'), { recursive: true });
  await world.target.transport(environment, next, signal);
  assert.equal(await readFile(join(release, 'start.sh'), 'utf8'), START);
  assert.equal((await readdir(join(folder, 'releases'))).length, 2);
});

/** A process that deploys to an environment, and is killed. */
async function deployInProcess(
  t: TestContext,
  world: DirectoryWorld,
  environment: TargetEnvironment,
  file: TargetPackage,
) {
  const { allowed, packagesFolder } = world;
  const told: DeployForever = { allowed, packagesFolder, environment, file };
  const child = spawn(process.execPath, [DEPLOY_FOREVER, JSON.stringify(told)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => kill(child));
  const said: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => said.push(line));
  return { child, said };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

const ROUNDS = 3;

test('a release is there whole or not at all, whenever its server is killed, and the next one goes on', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test', { start: '', stop: '', keep: 2 });
  const names = Array.from({ length: 40 }, (_, index) => `folder-${index % 7}/file-${index}.txt`);
  const given = await world.addPackage(Object.fromEntries(names.map((name) => [name, name.repeat(200)])));
  const releases = join(world.folder('Test'), 'releases');
  for (let round = 0; round < ROUNDS; round++) {
    const { child, said } = await deployInProcess(t, world, environment, given);
    await until('it deploys', () => said.length > 2 + 2 * round);
    await setTimeout(round * 11);
    await kill(child);
    const whole = (await readdir(releases)).filter((name) => !name.endsWith('.partial'));
    assert.ok(whole.length > 0, 'there is a release');
    for (const id of whole) {
      for (const name of names) assert.equal(await readFile(join(releases, id, name), 'utf8'), name.repeat(200));
    }
    await stat(join(world.folder('Test'), 'current', names[0] ?? ''));
  }
  await world.target.transport(environment, given, signal);
  await run(world, environment, given);
  assert.equal(await readlink(join(world.folder('Test'), 'current')), `releases/${given.id}`);
  const left = await readdir(releases);
  assert.deepEqual([left.length, left.filter((name) => name.endsWith('.partial'))], [2, []]);
});

test('what runs outlives its server; a command that the server did not see the end of is killed by the next', async (t) => {
  const world = await openDirectoryWorld(t);
  const environment = world.environment('Test');
  const hanging = { ...environment, options: { ...environment.options, stop: 'sleep 63' } };
  const { child } = await deployInProcess(t, world, hanging, await world.addPackage({ 'a.txt': 'x' }));
  const commands = async () => {
    const ofTest = await processesWith('SLIPWAY_ENVIRONMENT=Test');
    return ofTest.filter(
      (text) => text.includes(world.allowed) && text.split('\0').slice(-3, -1).join(' ') === 'sleep 63',
    ).length;
  };
  await until('the next start stops what runs', async () => (await commands()) > 0);
  await kill(child);
  const running = await world.findRunning('Test');
  assert.deepEqual([running !== undefined, await commands()], [true, 1]);
  await world.target.stop(environment, signal);
  await until('the command is gone', async () => (await commands()) === 0);
  assert.equal(await world.findRunning('Test'), undefined);
});
