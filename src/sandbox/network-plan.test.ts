import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlan } from './network-plan.ts';

test('a command looks names up where the host does, but not from whom', () => {
  const hosts =
    '# made by hand\nnameserver 10.1.1.1\nsearch corp.example\toffice.example\noptions ndots:2\nsortlist x\n';
  const { resolvConf } = makePlan(['127.0.0.0/8'], hosts);
  assert.equal(resolvConf, 'nameserver 198.51.100.3\nsearch corp.example\toffice.example\noptions ndots:2\n');
});

test('a host that is in the range between is given another', () => {
  const { range, resolvConf, filter } = makePlan(['127.0.0.0/8', '198.51.100.20/32'], '');
  assert.equal(range, '203.0.113.0/24');
  assert.equal(resolvConf, 'nameserver 203.0.113.3\n');
  assert.match(filter, /elements = \{ .*203\.0\.113\.0\/24, 127\.0\.0\.0\/8, 198\.51\.100\.20\/32 \}/);
});
