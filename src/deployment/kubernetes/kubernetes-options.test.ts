import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../domain/refusal.ts';
import type { TargetOptions } from '../deployment-target.ts';
import { presentOptions } from '../parse-options.ts';
import { KubernetesOptionsSchema, parseKubernetesOptions } from './kubernetes-options.ts';

const GIVEN = { server: 'https://kubernetes.example.com:6443', namespace: 'apps', token: 'abc.def' };

const parse = (given: TargetOptions, former?: TargetOptions) => parseKubernetesOptions(given, former, false);

const refused = (given: TargetOptions, words: RegExp, former?: TargetOptions, isInCluster = false) =>
  assert.throws(
    () => parseKubernetesOptions(given, former, isInCluster),
    (error) => error instanceof Refusal && error.code === 'INVALID_PARAMETERS' && words.test(error.message),
  );

test('server, namespace and token are enough; a token from a file has no line end', () => {
  assert.deepEqual(parse({ ...GIVEN, token: 'abc.def\n' }), { ...GIVEN, linkTtl: 2_592_000 });
  assert.deepEqual(parse({ ...GIVEN, linkTtl: '3600', resource: 'calc-test' }), {
    ...GIVEN,
    linkTtl: 3600,
    resource: 'calc-test',
  });
});

test('in a cluster, the namespace is enough', () => {
  assert.deepEqual(parseKubernetesOptions({ namespace: 'apps' }, undefined, true), {
    namespace: 'apps',
    linkTtl: 2_592_000,
  });
  refused({ namespace: 'apps' }, /needs the option server: Slipway runs in no cluster/);
  refused({ server: GIVEN.server, namespace: 'apps' }, /needs the option token for that server/, undefined, true);
});

test('what cannot be a server, a name, a token or an authority is refused', () => {
  for (const server of ['http://kubernetes.example.com', 'https://u:p@kubernetes.example.com', 'https://a/?b=c']) {
    refused({ ...GIVEN, server }, /option server/);
  }
  for (const name of ['Apps', 'a/b', '..', '', 'a'.repeat(64)])
    refused({ ...GIVEN, namespace: name }, /option namespace/);
  for (const name of ['Calc', 'calc/status', '-calc']) refused({ ...GIVEN, resource: name }, /option resource/);
  refused({ ...GIVEN, token: 'two words' }, /^The option token (?!.*two)/);
  refused({ ...GIVEN, ca: 'none' }, /option ca/);
  refused({ ...GIVEN, linkTtl: 59 }, /option linkTtl/);
  refused({ server: GIVEN.server, token: GIVEN.token }, /needs the option namespace/);
});

test('a token that nobody may see goes to no other server than the one that it was given for', () => {
  const former = parse(GIVEN);
  const other = { server: 'https://elsewhere.example.com' };
  refused(other, /token is for another server/, former);
  assert.equal(parse({ ...other, token: 'ghi' }, former).token, 'ghi');
  assert.equal(parse({ namespace: 'others' }, former).token, GIVEN.token);
  const { token, ...shown } = former;
  assert.deepEqual(presentOptions(KubernetesOptionsSchema, former), shown);
});
