import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markedOutput } from './marked-output.ts';

test('marks are found and taken out, however the stream is cut', async () => {
  const stream = Buffer.from('one#M!two#M!#M!#three#M');
  for (let size = 1; size <= stream.length; size += 1) {
    let text = '';
    const pass = async (bytes: Uint8Array) => {
      text += Buffer.from(bytes).toString();
    };
    const output = markedOutput(Buffer.from('#M!'), pass, () => {
      text += '|';
    });
    for (let at = 0; at < stream.length; at += size) await output.write(stream.subarray(at, at + size));
    // What may be the beginning of a mark is held back.
    assert.equal(text, 'one|two||#three', `in pieces of ${size}`);
  }
});
