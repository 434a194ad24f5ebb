import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeDocker, describePodman } from './engine-facts.ts';

test('what podman says of itself is read, and without control groups it has no limits', () => {
  const info = (cgroupControllers: readonly string[] | null, rootless: boolean) =>
    JSON.stringify({ host: { cgroupControllers, security: { rootless } }, version: { Version: '4.9.3' } });
  assert.deepEqual(describePodman(info(['cpu', 'memory', 'pids'], true)), {
    version: '4.9.3',
    isRootless: true,
    hasLimits: true,
  });
  assert.equal(describePodman(info(['cpu'], false))?.hasLimits, false);
  assert.equal(describePodman(info(null, true))?.hasLimits, false);
  assert.equal(describePodman('no JSON'), undefined);
});

test('what Docker says of itself is read, and a client without a daemon is none', () => {
  const info = { ServerVersion: '28.2.2', MemoryLimit: true, PidsLimit: true };
  const SecurityOptions = ['name=seccomp,profile=builtin', 'name=cgroupns'];
  const facts = { version: '28.2.2', isRootless: false, hasLimits: true };
  assert.deepEqual(describeDocker(JSON.stringify({ ...info, SecurityOptions })), facts);
  const rootless = JSON.stringify({ ...info, SecurityOptions: [...SecurityOptions, 'name=rootless'] });
  assert.deepEqual(describeDocker(rootless), { ...facts, isRootless: true });
  assert.equal(describeDocker(JSON.stringify({ ...info, PidsLimit: false }))?.hasLimits, false);
  assert.equal(describeDocker(JSON.stringify({ ServerVersion: '', ServerErrors: ['Cannot connect'] })), undefined);
});
