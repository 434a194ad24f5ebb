import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Sandbox, SandboxCommand } from '../../src/sandbox/sandbox.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const MIB = 1024 * 1024;

export interface SandboxRun {
  readonly output: string;
  readonly outcome: Awaited<ReturnType<Sandbox['run']>>;
}

/** Runs a script of the shell in a room of the test's own. */
export async function runScript(
  test: Pick<TestContext, 'after'>,
  sandbox: Sandbox,
  script: string,
  others: Partial<SandboxCommand> = {},
): Promise<SandboxRun> {
  const chunks: Uint8Array[] = [];
  const outcome = await sandbox.run({
    argv: ['sh', '-ec', script],
    room: others.room ?? (await temporaryFolder(test)),
    environment: { PATH: '/usr/bin:/bin' },
    network: false,
    readOnly: [],
    writable: [],
    limits: { processes: 200, memoryBytes: 512 * MIB, fileBytes: 64 * MIB, diskBytes: 256 * MIB, timeMs: 60_000 },
    onOutput: (chunk) => void chunks.push(chunk),
    signal: new AbortController().signal,
    ...others,
  });
  return { output: Buffer.concat(chunks).toString(), outcome };
}

/**
 * What every sandbox promises.
 *
 * @param added variables that come from elsewhere than what was given
 */
export function testSandbox(name: string, open: () => Sandbox, added: readonly string[] = []): void {
  test(`${name}: a command starts in the workspace and what it writes is there afterwards`, async (t) => {
    const [sandbox, room] = [open(), await temporaryFolder(t)];
    const { output, outcome } = await runScript(t, sandbox, 'pwd; echo made > file; echo home > "$HOME/h"', {
      room,
      environment: { PATH: '/usr/bin:/bin', HOME: sandbox.placesIn(room).home },
    });
    assert.deepEqual(outcome, { kind: 'exited', code: 0 }, output);
    assert.equal(output.trim(), sandbox.placesIn(room).workspace);
    assert.equal(await readFile(join(room, 'workspace/file'), 'utf8'), 'made\n');
    assert.equal(await readFile(join(room, 'home/h'), 'utf8'), 'home\n');
  });

  test(`${name}: both streams may be opened by their names`, async (t) => {
    const script = 'echo one > /dev/stderr; echo two > /dev/stdout; echo three | tee /dev/stderr > /dev/null';
    const { output, outcome } = await runScript(t, open(), script);
    assert.deepEqual([output, outcome], ['one\ntwo\nthree\n', { kind: 'exited', code: 0 }]);
  });

  test(`${name}: a command that a signal ends has its exit code`, async (t) => {
    for (const [signal, number] of [
      ['TERM', 15],
      ['SEGV', 11],
    ] as const) {
      const { outcome } = await runScript(t, open(), `exec sh -c 'kill -${signal} $$'`);
      assert.deepEqual(outcome, { kind: 'exited', code: 128 + number }, signal);
    }
  });

  test(`${name}: arguments arrive as they are, and the environment is what was given`, async (t) => {
    const argv = ['sh', '-c', 'echo "$1|$2"; env', 'sh', 'a b; exit 7', '$(id)'] as const;
    const { output } = await runScript(t, open(), '', { argv, environment: { PATH: '/usr/bin:/bin', GIVEN: 'x y' } });
    const [first, ...variables] = output.trim().split('\n');
    assert.equal(first, 'a b; exit 7|$(id)');
    const names = variables.map((line) => line.split('=')[0]).filter((one) => !added.includes(one ?? ''));
    assert.deepEqual(names.sort(), ['GIVEN', 'PATH', 'PWD', ...(names.includes('_') ? ['_'] : [])].sort());
    assert.ok(variables.includes('GIVEN=x y'));
  });

  test(`${name}: both streams come in the order of writing, with the exit code`, async (t) => {
    const { output, outcome } = await runScript(t, open(), 'echo one; echo two >&2; echo three; exit 7');
    assert.equal(output, 'one\ntwo\nthree\n');
    assert.deepEqual(outcome, { kind: 'exited', code: 7 });
  });

  test(`${name}: a program that is not there is an exit code, and the output names it`, async (t) => {
    const { output, outcome } = await runScript(t, open(), '', { argv: ['no-such-program'] });
    assert.ok(outcome.kind === 'exited' && outcome.code !== 0);
    assert.match(output, /no-such-program/);
  });

  test(`${name}: given folders are read, and others written where they are wanted`, async (t) => {
    const [tool, cache] = [await temporaryFolder(t), await temporaryFolder(t)];
    await chmod(tool, 0o755);
    await writeFile(join(tool, 'tool.txt'), 'a tool');
    const { output } = await runScript(t, open(), `cat ${tool}/tool.txt; echo kept > deep/cache/file`, {
      readOnly: [tool],
      writable: [{ folder: cache, at: 'deep/cache' }],
    });
    assert.equal(output, 'a tool');
    assert.equal(await readFile(join(cache, 'file'), 'utf8'), 'kept\n');
  });

  test(`${name}: an abort ends the command and everything it has started`, async (t) => {
    const [room, controller, reason] = [await temporaryFolder(t), new AbortController(), new Error('canceled')];
    const script = 'setsid sh -c "while :; do echo x >> alive; sleep 0.02; done" & sleep 0.02; echo begun; wait';
    const run = runScript(t, open(), script, {
      room,
      signal: controller.signal,
      onOutput: () => controller.abort(reason),
    });
    await assert.rejects(run, reason);
    await assertNothingGrows(join(room, 'workspace/alive'));
    const already = runScript(t, open(), 'echo begun', { signal: AbortSignal.abort(reason) });
    await assert.rejects(already, reason);
  });

  test(`${name}: a daemon does not outlive its command`, async (t) => {
    const room = await temporaryFolder(t);
    const daemon = 'while :; do echo x >> alive; sleep 0.02; done';
    const script = `setsid sh -c '${daemon}' < /dev/null > /dev/null 2>&1 & while ! [ -s alive ]; do sleep 0.01; done`;
    assert.deepEqual((await runScript(t, open(), script, { room })).outcome, { kind: 'exited', code: 0 });
    await assertNothingGrows(join(room, 'workspace/alive'));
  });

  test(`${name}: too long, too much on the disk or too large a file ends it`, async (t) => {
    const limits = { processes: 200, memoryBytes: 512 * MIB, fileBytes: 16 * MIB, diskBytes: 32 * MIB, timeMs: 30_000 };
    const soon = await runScript(t, open(), 'sleep 60', { limits: { ...limits, timeMs: 100.5 } });
    assert.deepEqual(soon.outcome, { kind: 'over-limit', limit: 'time' });
    const room = await temporaryFolder(t);
    const script = 'setsid sh -c "while :; do echo x >> alive; sleep 0.02; done" & sleep 60';
    const late = await runScript(t, open(), script, { room, limits: { ...limits, timeMs: 2000 } });
    assert.deepEqual(late.outcome, { kind: 'over-limit', limit: 'time' });
    await assertNothingGrows(join(room, 'workspace/alive'));
    const fill = 'for at in 1 2 3 4; do head -c 15000000 /dev/zero > "file$at"; done; sleep 60';
    const full = await runScript(t, open(), fill, { limits });
    assert.deepEqual(full.outcome, { kind: 'over-limit', limit: 'disk' });
    const { outcome } = await runScript(t, open(), 'exec head -c 20000000 /dev/zero > large', { limits });
    assert.ok(outcome.kind === 'exited' && outcome.code !== 0);
  });

  test(`${name}: output of any size passes through, and whoever takes it may stop it`, async (t) => {
    let bytes = 0;
    const onOutput = async ({ length }: Uint8Array) => {
      bytes += length;
    };
    await runScript(t, open(), 'head -c 30000000 /dev/zero', { onOutput });
    assert.equal(bytes, 30_000_000);
    const enough = new Error('enough');
    await assert.rejects(runScript(t, open(), 'yes', { onOutput: () => Promise.reject(enough) }), enough);
  });
}

async function assertNothingGrows(path: string): Promise<void> {
  const read = () => readFile(path, 'utf8').catch(() => '');
  const before = await read();
  // Several times as long as the writer's pause.
  const since = performance.now();
  await until('some time has passed', () => performance.now() - since > 150);
  assert.equal(await read(), before);
}
