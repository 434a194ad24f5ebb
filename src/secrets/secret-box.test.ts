import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { keyIdOf, openSecretBox, SecretUnreadable } from './secret-box.ts';
import { parseSecretKey } from './secret-key.ts';

const place = { appKey: 'app-1', name: 'TOKEN' };

test('what is sealed can be opened by the same key at the same place, and says nothing by itself', () => {
  const box = openSecretBox(randomBytes(32));
  const text = 'hunter2 – ünïcode\nand a second line\n';
  const sealed = box.seal(text, place);
  assert.equal(box.open(sealed, place), text);
  assert.equal(keyIdOf(sealed), box.keyId);
  assert.ok(!sealed.includes('hunter2') && !Buffer.from(sealed.split('.')[3] ?? '', 'base64url').includes('hunter2'));
  assert.notEqual(box.seal(text, place), sealed);
  assert.equal(box.open(box.seal('', place), place), '');
});

test('it cannot be opened at another place, by another key, or once it was changed', () => {
  const box = openSecretBox(randomBytes(32));
  const sealed = box.seal('hunter2', place);
  const refused = (open: () => string) =>
    assert.throws(open, (error) => error instanceof SecretUnreadable && !error.message.includes('hunter2'));
  refused(() => box.open(sealed, { appKey: 'app-2', name: 'TOKEN' }));
  refused(() => box.open(sealed, { appKey: 'app-1', name: 'OTHER' }));
  refused(() => box.open(sealed, { appKey: 'app-1', name: undefined }));
  refused(() => openSecretBox(randomBytes(32)).open(sealed, place));
  for (const text of [
    '',
    'v1',
    'v1...',
    sealed.slice(0, -2),
    sealed.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
  ])
    refused(() => box.open(text, place));
});

test('a key is 32 bytes in hex or base64, and nothing else', () => {
  const key = randomBytes(32);
  for (const form of ['hex', 'base64', 'base64url'] as const) {
    assert.deepEqual(parseSecretKey(` ${key.toString(form)}\n`), key);
  }
  for (const text of ['', 'secret', '0'.repeat(63), randomBytes(31).toString('base64'), `${'A'.repeat(43)}!`]) {
    assert.equal(parseSecretKey(text), undefined);
  }
});
