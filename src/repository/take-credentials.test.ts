import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeCredentials } from './take-credentials.ts';

test('user and password are taken out of an address, and the rest stays as it is', () => {
  const taken = { kind: 'password', username: 'ann', password: 'p@ss:word' };
  for (const scheme of ['https', 'HTTP', 'svn']) {
    assert.deepEqual(takeCredentials(` ${scheme}://ann:p%40ss%3Aword@Host:81/A%20b.git `), {
      address: `${scheme}://Host:81/A%20b.git`,
      credentials: taken,
    });
  }
  const alone = takeCredentials('https://token@host/app.git');
  assert.deepEqual(alone.credentials, { kind: 'password', username: 'token', password: '' });
  assert.equal(alone.address, 'https://host/app.git');
});

test('over ssh the user stays and a password, which is of no use, goes', () => {
  for (const scheme of ['ssh', 'svn+ssh', 'git']) {
    const { address, credentials } = takeCredentials(`${scheme}://git:secret@host/app`);
    assert.deepEqual([address, credentials], [`${scheme}://git@host/app`, undefined]);
  }
  assert.equal(takeCredentials('git@host:app.git').address, 'git@host:app.git');
});

test('an address without a user stays as it is', () => {
  for (const address of ['/srv/a@b.git', 'file:///srv/a@b', 'https://host/a@b', 'svn://host/a:b@c']) {
    assert.deepEqual(takeCredentials(address), { address, credentials: undefined });
  }
});
