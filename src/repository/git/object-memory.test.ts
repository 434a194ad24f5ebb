import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createObjectMemory, type WholeObject } from './object-memory.ts';

const object = (id: string, type: WholeObject['type'], bytes: Buffer): WholeObject => ({
  found: true,
  id,
  type,
  sizeBytes: bytes.length,
  bytes,
});

test('an object is found by its id, in the mirror it was read from', () => {
  const memory = createObjectMemory();
  memory.keep('/mirrors/one', object('a1', 'tree', Buffer.from('entries')));
  assert.equal(memory.find('/mirrors/one', 'a1')?.bytes.toString(), 'entries');
  assert.equal(memory.find('/mirrors/two', 'a1'), undefined);
  assert.equal(memory.find('/mirrors/one', 'a1^{commit}'), undefined);
});

test('what is kept is a copy, and nothing of the buffer it was cut from', () => {
  const memory = createObjectMemory();
  const read = Buffer.from('xx entries xx');
  memory.keep('/mirrors/one', object('a1', 'tree', read.subarray(3, 10)));
  read.fill(0);
  const kept = memory.find('/mirrors/one', 'a1')?.bytes;
  assert.equal(kept?.toString(), 'entries');
  assert.equal(kept?.buffer.byteLength, 7);
});

test('large objects are not kept, and many small ones push out the oldest', () => {
  const memory = createObjectMemory();
  memory.keep('/m', object('large', 'blob', Buffer.alloc(513)));
  assert.equal(memory.find('/m', 'large'), undefined);
  for (let index = 0; index < 200; index += 1) memory.keep('/m', object(`${index}`, 'tree', Buffer.alloc(64 * 1024)));
  assert.equal(memory.find('/m', '0'), undefined);
  assert.equal(memory.find('/m', '199')?.sizeBytes, 64 * 1024);
});
