import assert from 'node:assert/strict';
import { test } from 'node:test';
import fastify from 'fastify';
import type { Authentication } from './authentication.ts';
import { guardRoutes, leaveRoutesOpen } from './caller.ts';
import { describe } from './route-schemas.ts';

const authentication: Authentication = {
  recall: () => undefined,
  check: () => Promise.reject(new Error('nobody is known here')),
  checkAgain: () => Promise.reject(new Error('nobody is known here')),
  forget: () => undefined,
};
const route = { method: 'GET', url: '/x', handler: async () => ({}) } as const;

test('a route that does not say who may make its call stops the start, guarded or open', () => {
  for (const schema of [undefined, {}, { operationId: 'no such call' }]) {
    const guarded = fastify();
    guardRoutes(guarded, authentication);
    assert.throws(() => guarded.route({ ...route, ...(schema && { schema }) }), /Every route has the schema of a call/);
    const open = fastify();
    leaveRoutesOpen(open);
    assert.throws(() => open.route({ ...route, ...(schema && { schema }) }), /Every route has the schema of a call/);
  }
});

test('a call that needs something is not left open, and one that needs nothing not guarded', () => {
  const guarded = fastify();
  guardRoutes(guarded, authentication);
  assert.throws(() => guarded.route({ ...route, schema: describe('health') }), /needs nothing/);
  guarded.route({ ...route, schema: describe('me') });
  const open = fastify();
  leaveRoutesOpen(open);
  assert.throws(() => open.route({ ...route, schema: describe('me') }), /not behind authentication/);
  open.route({ ...route, schema: describe('health') });
});
