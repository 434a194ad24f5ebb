import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBreaches, type LastSeen, type LastState, type TargetOrder, type ToldEvent } from './history.ts';

const ALLOWED = { reasons: /^canceled/ };
const ROW: LastSeen = {
  packageId: 'p1',
  version: '1.0.0.1',
  revision: 'r1',
  status: 'Succeeded',
  reason: null,
  sha256: 'abc',
};
const MADE = { name: '1.0.0.1', from: undefined, to: 't1' };
const ENDED = { id: 'm1', eventType: 'build.succeeded', packageId: 'p1' };

/** An event without its times, which are its place in the list. */
type Untimed = ToldEvent extends infer E ? (E extends ToldEvent ? Omit<E, 'askedAt' | 'answeredAt'> : never) : never;

const ACCEPTED: Untimed = { kind: 'accepted', key: 'k1', packageId: 'p1', version: '1.0.0', revision: 'r1' };
const seen = (status: LastSeen['status'], sha256: string | null = null): Untimed => ({
  kind: 'seen',
  packageId: 'p1',
  status,
  sha256,
  reason: null,
});

function breaches(events: readonly Untimed[], changed: Partial<LastState> = {}): readonly string[] {
  const last: LastState = {
    packages: [ROW],
    downloaded: new Map([['p1', 'abc']]),
    independent: new Map([['1.0.0.1', 'abc']]),
    tags: new Map([['1.0.0.1', 'r1']]),
    tagUpdates: [MADE],
    messages: [ENDED],
    inUse: new Map(),
    orders: [],
    ...changed,
  };
  const timed = events.map((event, at) => ({ ...event, askedAt: 2 * at, answeredAt: 2 * at + 1 }) as ToldEvent);
  return findBreaches(timed, last, ALLOWED);
}

const STORY = [ACCEPTED, seen('Queued'), seen('Building'), seen('Succeeded', 'abc')];
const DELETED: Untimed = { kind: 'delete', packageId: 'p1', outcome: 'done' };
const BROUGHT: Untimed = { kind: 'transport', packageId: 'p1', environment: 'Test', outcome: 'done' };
const STARTED: Untimed = { kind: 'start', environment: 'Test', outcome: 'done', jobId: 'j1' };
const STOPPED: Untimed = { kind: 'stop', environment: 'Test', outcome: 'done', isRunning: true };
const DEPLOYED = [...STORY, BROUGHT, STARTED, STOPPED];

function order(call: TargetOrder['call'], id: string, changed: Partial<TargetOrder> = {}): TargetOrder {
  const packageId = call === 'stop' ? undefined : 'p1';
  const fetched = call === 'transport' ? 'abc' : undefined;
  const linkStatus = call === 'transport' ? 200 : undefined;
  return { id, call, environment: 'Test', packageId, at: 2 * STORY.length, linkStatus, fetched, ...changed };
}

const ORDERS = [order('transport', 'o1'), order('start', 'j1'), order('stop', 'o2')];
const NO_PACKAGE = { packages: [], tags: new Map(), tagUpdates: [] };

test('a history in which all is well has no breach', () => {
  assert.deepEqual(breaches(STORY), []);
  assert.deepEqual(breaches([...STORY, DELETED], NO_PACKAGE), []);
  assert.deepEqual(breaches([...STORY, { ...DELETED, outcome: 'unknown' }], NO_PACKAGE), []);
  assert.deepEqual(breaches([...STORY, { ...DELETED, outcome: 'refused' }]), []);
  assert.deepEqual(breaches(DEPLOYED, { orders: ORDERS.flatMap((each) => [each, each]) }), [], 'orders came again');
  const cut: Untimed = { ...STOPPED, isRunning: false };
  assert.deepEqual(breaches([...STORY, STARTED, cut]), [], 'it was stopped before it was ordered');
  const nobodyKnows = [BROUGHT, STARTED, STOPPED].map((event) => ({ ...event, outcome: 'unknown', jobId: undefined }));
  for (const orders of [[], ORDERS])
    assert.deepEqual(breaches([...STORY, ...(nobodyKnows as Untimed[])], { orders }), []);
  const next = order('transport', 'o3', { packageId: 'p2', at: 2 * STORY.length + 2 });
  const sent: Untimed = { ...BROUGHT, packageId: 'p2', outcome: 'unknown' };
  const replaced = { ...NO_PACKAGE, orders: [order('transport', 'o1'), next] };
  assert.deepEqual(
    breaches([...STORY, BROUGHT, sent, DELETED], replaced),
    [],
    'another one came before it was deleted',
  );
});

const BROKEN: readonly (readonly [name: string, events: readonly Untimed[], last: Partial<LastState>, said: RegExp])[] =
  [
    ['a key with two answers', [...STORY, { ...ACCEPTED, packageId: 'p2' } as Untimed], {}, /^the key k1 was answered/],
    ['an end that was left', [...STORY, seen('Queued')], {}, /^p1 was Succeeded, and Queued afterwards$/],
    [
      'another end at last',
      STORY,
      { packages: [{ ...ROW, status: 'Failed', reason: 'canceled' }] },
      /and Failed after/,
    ],
    ['a package that is lost', STORY, { packages: [] }, /^p1 was accepted and is lost$/],
    ['a package that was away', [...STORY, { kind: 'missed', packageId: 'p1' }], {}, /^p1 was not there for a while$/],
    ['a deletion undone', [...STORY, DELETED], {}, /^p1 was gone and came back$/],
    ['a build that goes on', [ACCEPTED], { packages: [{ ...ROW, status: 'Building' }] }, /^p1 has not ended/],
    [
      'a failure for nothing',
      [ACCEPTED],
      { packages: [{ ...ROW, status: 'Failed', reason: 'oh' }] },
      /good reason: oh$/,
    ],
    ['a package twice', [ACCEPTED], { packages: [ROW, ROW] }, /^p1 is listed twice$/],
    ['other bytes', STORY, { downloaded: new Map([['p1', 'def']]) }, /^p1 has not one and the same bytes/],
    ['no bytes', STORY, { downloaded: new Map() }, /^p1 has not one and the same bytes/],
    ['bytes of another source', STORY, { independent: new Map([['1.0.0.1', 'def']]) }, /^p1 has not one/],
    ['a tag that is missing', STORY, { tags: new Map() }, /^p1 has no tag 1\.0\.0\.1$/],
    ['a tag elsewhere', STORY, { tags: new Map([['1.0.0.1', 'r2']]) }, /^the tag 1\.0\.0\.1 is at r2/],
    [
      'a tag of nothing',
      STORY,
      {
        tags: new Map([
          ['1.0.0.1', 'r1'],
          ['9.9.9.9', 'r1'],
        ]),
      },
      /^there is a tag 9\.9\.9\.9/,
    ],
    [
      'a tag that was moved',
      STORY,
      { tagUpdates: [MADE, { ...MADE, from: 't1', to: 't2' }] },
      /^the tag 1.* made once/,
    ],
    [
      'a tag that was made again',
      STORY,
      { tagUpdates: [MADE, { ...MADE, from: 't1', to: undefined }, MADE] },
      /from nothing to t1, from t1 to nothing, from nothing to t1$/,
    ],
    ['a tag of which nothing was written down', STORY, { tagUpdates: [] }, /^nothing was written down of the tag 1\./],
    ['two ends that were told', STORY, { messages: [ENDED, { ...ENDED, id: 'm2' }] }, /^p1 was told to have ended 2/],
    ['an end that was not told', STORY, { messages: [{ ...ENDED, packageId: 'p9' }] }, /^nobody was told that p1/],
    [
      'a deployment too many',
      DEPLOYED,
      {
        orders: ORDERS,
        messages: [
          ENDED,
          ...['m2', 'm3'].map((id) => ({
            id,
            eventType: 'environment.deployed',
            packageId: 'p1',
            environment: 'Test',
          })),
        ],
      },
      /^Test was deployed 2 times, and asked for 1 times$/,
    ],
    [
      'a transport that did not come',
      DEPLOYED,
      { orders: ORDERS.slice(1) },
      /^p1 to Test was ordered 0 times, not 1 to 1/,
    ],
    [
      'a transport that came twice',
      DEPLOYED,
      { orders: [...ORDERS, order('transport', 'o4')] },
      /^p1 to Test was ordered 2 times, not 1 to 1/,
    ],
    [
      'a transport that was refused, and came',
      [...STORY, { ...BROUGHT, outcome: 'refused' } as Untimed],
      { orders: ORDERS.slice(0, 1) },
      /^p1 to Test was ordered 1 times, not 0 to 0/,
    ],
    [
      'a transport by half',
      DEPLOYED,
      { orders: [order('transport', 'o1', { fetched: undefined }), ...ORDERS.slice(1)] },
      /^p1 to Test came by half$/,
    ],
    [
      'a start that did not come',
      DEPLOYED,
      { orders: [ORDERS[0], ORDERS[2]].flatMap((each) => each ?? []) },
      /^the start j1/,
    ],
    [
      'a start that came as another one, too',
      DEPLOYED,
      { orders: [...ORDERS, order('start', 'j2')] },
      /^Test was ordered to start 1 times more than was asked for, but for 0$/,
    ],
    [
      'a stop that did not come',
      DEPLOYED,
      { orders: ORDERS.slice(0, 2) },
      /^Test was ordered to stop 0 times, not 1 to 1/,
    ],
    [
      'a stop that came twice',
      DEPLOYED,
      { orders: [...ORDERS, order('stop', 'o5')] },
      /^Test was ordered to stop 2 times, not 1 to 1/,
    ],
    [
      'a package in use that is deleted',
      [...STORY, DELETED, BROUGHT],
      { ...NO_PACKAGE, orders: ORDERS.slice(0, 1) },
      /^Test uses p1, which is gone$/,
    ],
    [
      'a package in use that is deleted before another one came',
      [...STORY, BROUGHT, DELETED],
      { ...NO_PACKAGE, orders: [order('transport', 'o1'), order('transport', 'o3', { packageId: 'p2', at: 100 })] },
      /^Test uses p1, which is gone$/,
    ],
    [
      'a package in use that nobody knows to be deleted',
      [...STORY, BROUGHT, { ...DELETED, outcome: 'unknown' } as Untimed],
      { ...NO_PACKAGE, orders: ORDERS.slice(0, 1) },
      /^Test uses p1, which is gone$/,
    ],
    [
      'a package that is deleted while it is transported',
      [...STORY, { ...BROUGHT, outcome: 'unknown' } as Untimed, DELETED],
      { ...NO_PACKAGE, orders: [order('transport', 'o1', { linkStatus: 404, fetched: undefined })] },
      /^Test was given p1, which is gone$/,
    ],
    [
      'an environment whose package is gone',
      [...STORY, DELETED],
      { ...NO_PACKAGE, inUse: new Map([['Test', ['p1']]]) },
      /^Test has p1, which is gone$/,
    ],
    [
      'other bytes of a package that was deleted',
      [...STORY, { kind: 'downloaded', packageId: 'p1', sha256: 'def' }, DELETED],
      NO_PACKAGE,
      /^p1 has not one and the same bytes: def, abc$/,
    ],
    [
      'other bytes that were deployed',
      DEPLOYED,
      { orders: [order('transport', 'o1', { fetched: 'def' }), ...ORDERS.slice(1)] },
      /^p1 has not one and the same bytes/,
    ],
    [
      'a package that is gone though its deletion was refused',
      [...STORY, { ...DELETED, outcome: 'refused' } as Untimed],
      NO_PACKAGE,
      /^p1 was accepted and is lost$/,
    ],
    [
      'an answer that should not be',
      [...STORY, { kind: 'astonished', answer: '500' }],
      {},
      /^a client was answered 500$/,
    ],
  ];

for (const [name, events, last, said] of BROKEN) {
  test(`a checker of histories finds ${name}`, () => {
    const found = breaches(events, last);
    assert.ok(
      found.some((sentence) => said.test(sentence)),
      found.join('\n'),
    );
  });
}
