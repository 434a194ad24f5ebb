import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noise } from '../../test/support/made-content.ts';
import { CoalescingWriter } from './coalescing-writer.ts';

test('many small writes become blocks of one size, in order', async () => {
  const blocks: Buffer[] = [];
  const writer = new CoalescingWriter(async (block) => void blocks.push(Buffer.from(block)), 1_000);
  const bytes = noise(10_500, 'bytes');
  for (let at = 0; at < bytes.length; at += 1 + (at % 700)) await writer.write(bytes.subarray(at, at + 1 + (at % 700)));
  assert.equal(writer.sizeBytes, bytes.length);
  await writer.flush();
  assert.ok(Buffer.concat(blocks).equals(bytes));
  assert.deepEqual(
    blocks.map(({ length }) => length),
    [...Array(10).fill(1_000), 500],
  );
});

test('a block does not change while the sink is at work, and only one is under way', async () => {
  const taken: Buffer[] = [];
  let underWay = 0;
  const writer = new CoalescingWriter(async (block) => {
    assert.equal(++underWay, 1);
    const before = Buffer.from(block);
    await new Promise(setImmediate);
    assert.ok(before.equals(block));
    taken.push(before);
    underWay--;
  }, 100);
  const bytes = noise(1_234, 'bytes');
  await writer.write(bytes);
  await writer.flush();
  assert.ok(Buffer.concat(taken).equals(bytes));
});

test('an error of the sink is thrown by a later call, and settling waits without throwing', async () => {
  const broken = new Error('the disk is full');
  const writer = new CoalescingWriter(() => Promise.reject(broken), 10);
  await writer.write(Buffer.alloc(10));
  await assert.rejects(writer.flush(), broken);
  await assert.rejects(writer.write(Buffer.alloc(10)), broken);
  await writer.settle();
});
