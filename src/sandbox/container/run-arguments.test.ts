import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { SandboxCommand } from '../sandbox.ts';
import type { Engine } from './engine.ts';
import { type ContainerPlan, runArguments } from './run-arguments.ts';

const ENGINE: Engine = {
  kind: 'docker',
  path: '/usr/bin/docker',
  environment: {},
  version: '28.2.2',
  isRootless: false,
  user: { uid: 998, gid: 997 },
};

const PLAN: ContainerPlan = {
  name: 'slipway-1',
  owner: 'somebody',
  image: { id: `sha256:${'0a'.repeat(32)}`, volumes: ['/root/.m2', '/tmp'] },
  network: 'none',
  files: { '/etc/passwd': '/data/tmp/room-1/inside/passwd' },
  masked: ['/opt/tool/data'],
  nothing: '/data/tmp/room-1/inside/nothing',
  ceilings: { openFiles: 1024, userProcesses: 4096 },
};

const COMMAND: SandboxCommand = {
  argv: ['make', 'all'],
  room: '/data/tmp/room-1',
  environment: { TOKEN: 'a secret' },
  network: false,
  readOnly: ['/opt/tool'],
  writable: [{ folder: '/data/cache', at: '.npm' }],
  limits: { processes: 100, memoryBytes: 2 ** 30, fileBytes: 2 ** 20, diskBytes: 2 ** 30, timeMs: 1000 },
  onOutput: () => undefined,
  signal: new AbortController().signal,
};

test('what an engine is told has neither the command nor its environment', () => {
  const told = runArguments(ENGINE, PLAN, COMMAND);
  assert.doesNotMatch(told.join(' '), /make|TOKEN|a secret/);
  assert.ok(told.includes('--user=998:997'));
  assert.deepEqual(told.slice(-2), [PLAN.image.id, '-s']);
});

test('a volume of an image does not take the place of a folder of the room', () => {
  const told = runArguments(ENGINE, PLAN, COMMAND);
  const targets = told.filter((word) => word.includes('target=/tmp') || word.includes('target=/root/.m2'));
  assert.deepEqual(targets, [
    '--mount=type=tmpfs,target=/root/.m2,tmpfs-size=16777216',
    '--mount=type=bind,source=/data/tmp/room-1/tmp,target=/tmp',
  ]);
});

test('podman without root is asked to keep the user as it is, and with root needs nothing', () => {
  const podman = { ...ENGINE, kind: 'podman' } as const;
  const namespaces = (engine: Engine) =>
    runArguments(engine, PLAN, COMMAND).filter((word) => word.startsWith('--userns'));
  assert.deepEqual(namespaces({ ...podman, isRootless: true }), ['--userns=keep-id']);
  assert.deepEqual(namespaces(podman), []);
  assert.deepEqual(namespaces(ENGINE), ['--userns=host']);
});

test('a path that an engine would read as something else is a reason', () => {
  const told = () => runArguments(ENGINE, { ...PLAN, masked: ['/opt/a,readonly=false'] }, COMMAND);
  assert.throws(told, { code: 'no-sandbox', message: /without commas/ });
});

test("every option is one of Docker's own client, where that is here", async (t) => {
  const docker = promisify(execFile)('docker', [...runArguments(ENGINE, PLAN, COMMAND)], {
    // No daemon is there: the client gets as far as asking for one when it has understood everything.
    env: { PATH: process.env.PATH ?? '', DOCKER_HOST: 'unix:///nowhere/docker.sock', HOME: '/nowhere' },
  });
  const error: unknown = await docker.catch((reason: unknown) => reason);
  assert.ok(error instanceof Error && 'code' in error);
  if (error.code === 'ENOENT') return t.skip('there is no docker here');
  assert.match(error.message, /connect to the docker (daemon|API)/i);
});
