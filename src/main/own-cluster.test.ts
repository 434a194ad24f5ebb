import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findOwnCluster } from './own-cluster.ts';

test('a pod is told where the API of its cluster is, and has what its account is known by', () => {
  const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
  assert.deepEqual(findOwnCluster({ KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT_HTTPS: '6443' }), {
    server: 'https://10.0.0.1:6443',
    tokenFile: `${folder}/token`,
    caFile: `${folder}/ca.crt`,
  });
  assert.equal(findOwnCluster({ KUBERNETES_SERVICE_HOST: 'fd00::1' })?.server, 'https://[fd00::1]:443');
  assert.equal(findOwnCluster({}), undefined);
});
