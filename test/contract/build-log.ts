import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { BuildLog } from '../../src/build-log/build-log.ts';
import { until } from '../support/until.ts';

/** The package whose log the tests write, in its first attempt. */
export const ID = '4ee10492-6cfc-4582-b825-a9040c0988ad';

export interface TestedBuildLog {
  readonly log: BuildLog;
  /** Deletes what the log is of: logs are deleted afterwards. */
  readonly deletePackage: () => Promise<void>;
}

/**
 * What every build log promises.
 *
 * @param open a log whose clock stands at 2026-01-31T12:00:00Z, and that takes some 10,000 bytes a build
 */
export function testBuildLog(name: string, open: (context: TestContext) => Promise<TestedBuildLog>): void {
  const stamp = '2026-01-31T12:00:00.000Z';
  const write = async (log: BuildLog, ...lines: string[]) => {
    const writer = log.open(ID, 1);
    for (const line of lines) writer.line(line);
    await writer.close();
  };
  const readAll = async (log: BuildLog) => text(await log.read(ID, { start: 0, end: await log.size(ID) }));

  test(`${name}: lines come back in order, each with its time`, async (t) => {
    const { log } = await open(t);
    await write(log, 'one', 'two');
    assert.equal(await readAll(log), `${stamp} one\n${stamp} two\n`);
  });

  test(`${name}: a later attempt goes on in the same log`, async (t) => {
    const { log } = await open(t);
    await write(log, 'first');
    await write(log, 'second');
    assert.equal(await readAll(log), `${stamp} first\n${stamp} second\n`);
  });

  test(`${name}: a line break makes two lines, and control characters are made harmless`, async (t) => {
    const { log } = await open(t);
    await write(log, 'a\nb\r\nc', '\u001b[31mred\tTab');
    assert.equal(await readAll(log), `${stamp} a\n${stamp} b\n${stamp} c\n${stamp} \ufffd[31mred\tTab\n`);
  });

  test(`${name}: a log that nobody wrote is empty`, async (t) => {
    const { log, deletePackage } = await open(t);
    assert.equal(await log.size(ID), 0);
    assert.equal(await readAll(log), '');
    await deletePackage();
    await log.delete(ID);
  });

  test(`${name}: what is flushed can be read`, async (t) => {
    const { log } = await open(t);
    const writer = log.open(ID, 1);
    writer.line('now');
    await writer.flush();
    assert.match(await readAll(log), /now/);
    await writer.close();
  });

  test(`${name}: a follower that came before the log sees every line, until the log is deleted`, async (t) => {
    const { log, deletePackage } = await open(t);
    const lines: string[] = [];
    const following = (async () => {
      for await (const chunk of log.follow(ID, 0, new AbortController().signal))
        lines.push(Buffer.from(chunk).toString());
    })();
    const writer = log.open(ID, 1);
    for (let count = 0; count < 50; count += 1) {
      writer.line(`line ${count}`);
      if (count % 7 === 0) await writer.flush();
    }
    await writer.close();
    const whole = await readAll(log);
    await until('every line was followed', () => lines.join('') === whole);
    await deletePackage();
    await log.delete(ID);
    await following;
    assert.equal(lines.join(''), whole);
  });

  test(`${name}: a follower stops when its signal fires`, async (t) => {
    const { log } = await open(t);
    await write(log, 'there');
    const abort = new AbortController();
    const chunks: Uint8Array[] = [];
    for await (const chunk of log.follow(ID, 0, abort.signal)) {
      chunks.push(chunk);
      abort.abort();
    }
    assert.equal(chunks.length, 1);
  });

  test(`${name}: a follower that waits stops when its signal fires, and lets go of it`, async (t) => {
    const { log } = await open(t);
    const abort = new AbortController();
    const following = Array.fromAsync(log.follow(ID, 0, abort.signal));
    await setImmediate();
    abort.abort();
    assert.deepEqual(await following, []);
    assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
  });

  test(`${name}: many followers see the same, each from where it began`, async (t) => {
    const { log, deletePackage } = await open(t);
    const whole = `${stamp} one\n${stamp} two\n`;
    const starts = Array.from({ length: 60 }, (_, index) => index);
    const seen = starts.map(() => '');
    const following = starts.map(async (start) => {
      for await (const chunk of log.follow(ID, start, new AbortController().signal))
        seen[start] += Buffer.from(chunk).toString();
    });
    const writer = log.open(ID, 1);
    writer.line('one');
    await writer.flush();
    writer.line('two');
    await writer.close();
    const expected = starts.map((start) => whole.slice(start));
    await until('all of them saw it', () => isDeepStrictEqual(seen, expected));
    await deletePackage();
    await log.delete(ID);
    await Promise.all(following);
    assert.deepEqual(seen, expected);
  });

  test(`${name}: followers of a deleted log end`, async (t) => {
    const { log, deletePackage } = await open(t);
    const following = Array.fromAsync(log.follow(ID, 0, new AbortController().signal));
    await deletePackage();
    await log.delete(ID);
    assert.deepEqual(await following, []);
  });

  test(`${name}: a line comes without being flushed, and none after the log was closed`, async (t) => {
    const { log } = await open(t);
    const writer = log.open(ID, 1);
    writer.line('by itself');
    for await (const chunk of log.follow(ID, 0, new AbortController().signal)) {
      assert.equal(Buffer.from(chunk).toString(), `${stamp} by itself\n`);
      break;
    }
    await writer.close();
    await writer.close();
    writer.line('too late');
    await writer.flush();
    assert.doesNotMatch(await readAll(log), /too late/);
  });

  test(`${name}: a range leaves out its end`, async (t) => {
    const { log } = await open(t);
    await write(log, 'text');
    assert.equal(await text(await log.read(ID, { start: 0, end: 4 })), '2026');
    assert.equal(await text(await log.read(ID, { start: 4, end: 4 })), '');
  });

  test(`${name}: an id that could lead elsewhere is refused`, async (t) => {
    const { log } = await open(t);
    for (const id of ['', '..', '../../x', 'a/b']) await assert.rejects(async () => log.size(id), id);
  });

  test(`${name}: a gigantic log is cut, and says so`, async (t) => {
    const { log } = await open(t);
    const writer = log.open(ID, 1);
    for (let count = 0; count < 100; count += 1) {
      writer.line('x'.repeat(1000));
      await writer.flush();
    }
    await writer.close();
    assert.ok((await log.size(ID)) < 12_000);
    assert.match(await readAll(log), /the log has reached 10000 bytes/);
  });

  test(`${name}: logs are listed, and a deleted one is gone`, async (t) => {
    const { log, deletePackage } = await open(t);
    await write(log, 'x');
    assert.deepEqual(await Array.fromAsync(log.list()), [ID]);
    await deletePackage();
    await log.delete(ID);
    assert.deepEqual(await Array.fromAsync(log.list()), []);
  });
}
