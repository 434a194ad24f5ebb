import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeploymentFailure } from '../deployment-target.ts';
import { describeRefusal } from './api-failure.ts';

const NAME = { server: new URL('https://kubernetes.example.com'), namespace: 'apps', resource: 'calc' };

test('a refusal is told in the words of the API, without the signature of a link', () => {
  const message = 'spec.sourceURL: Invalid value: "https://slipway.example/p?signature=s3cret": too long';
  const failure = describeRefusal({ status: 422, text: JSON.stringify({ kind: 'Status', message }) }, NAME);
  assert.ok(failure instanceof DeploymentFailure);
  assert.equal(
    failure.message,
    "the Kubernetes API refuses the MendixApp 'calc' in the namespace 'apps', 422: " +
      'spec.sourceURL: Invalid value: "https://slipway.example/p": too long',
  );
});

test('what is no answer of the API is told on one line', () => {
  const failure = describeRefusal({ status: 400, text: '<html>\n<b>\u001b[31mno</b>\r\n' }, NAME);
  assert.match(failure.message, /, 400: <html> <b> \[31mno<\/b>$/);
});
