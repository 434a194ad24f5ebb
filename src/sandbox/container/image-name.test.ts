import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isImageName, withRegistry } from './image-name.ts';

test('names of images are taken, and what an engine would understand otherwise is not', () => {
  const digest = `sha256:${'0a'.repeat(32)}`;
  for (const name of ['node:24', 'node', 'org/app:1.0_b', 'r.example:5000/a/b__c', `node@${digest}`, 'localhost/x:y']) {
    assert.ok(isImageName(name), name);
  }
  for (const name of [
    '',
    '--privileged',
    '-v',
    'docker-archive:/etc/shadow',
    'oci:folder',
    'dir:folder',
    'containers-storage:node',
    'docker://node:24',
    'a b',
    'node:24\n',
    '../node',
    '/node',
    'Node',
    'node:',
    'node@sha256:12',
    'a'.repeat(600),
  ]) {
    assert.ok(!isImageName(name), name);
  }
});

test('an image without a registry comes from Docker Hub', () => {
  assert.equal(withRegistry('node:24'), 'docker.io/library/node:24');
  assert.equal(withRegistry('org/app'), 'docker.io/org/app');
  assert.equal(withRegistry('r.example:5000/app'), 'r.example:5000/app');
  assert.equal(withRegistry('localhost/app'), 'localhost/app');
});
