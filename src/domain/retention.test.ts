import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRetention, KEEPING_REASONS, parseRetention, type Retention } from '../protocol/retention.ts';
import {
  checkRetention,
  findExpiryDate,
  findKeepingReason,
  type PackageFacts,
  type RetentionRule,
  readRule,
} from './retention.ts';

const DAY_MS = 86_400_000;
const CREATED_AT = 1_700_000_000_000;
const RULE: RetentionRule = { keepNewest: 3, keepMs: 10 * DAY_MS };
const UNUSED: PackageFacts = {
  status: 'Succeeded',
  createdAt: CREATED_AT,
  isPinned: false,
  isInUse: false,
  isHeldLast: false,
  isNewest: false,
};
const later = (ms: number) => CREATED_AT + RULE.keepMs + ms;

/** What makes each reason true alone, in the order in which they are named. */
const FACTS: readonly (readonly [keyof typeof KEEPING_REASONS, Partial<PackageFacts>])[] = [
  ['Unfinished', { status: 'Building' }],
  ['InUse', { isInUse: true }],
  ['Pinned', { isPinned: true }],
  ['HeldLast', { isHeldLast: true }],
  ['Newest', { isNewest: true }],
];

test('each reason keeps a package by itself, however old it is, and then it has no expiry date', () => {
  for (const [reason, facts] of FACTS) {
    assert.equal(findKeepingReason(RULE, { ...UNUSED, ...facts }, later(1000 * DAY_MS)), reason);
    assert.equal(findExpiryDate(RULE, { ...UNUSED, ...facts }), null, reason);
  }
});

test('where several reasons keep it, the first of the table is told', () => {
  let all = UNUSED;
  for (const [reason, facts] of FACTS.toReversed()) {
    all = { ...all, ...facts };
    assert.equal(findKeepingReason(RULE, all, CREATED_AT), reason);
  }
  assert.deepEqual(Object.keys(KEEPING_REASONS), [...FACTS.map(([reason]) => reason), 'Young']);
});

test('what nothing else keeps stays to the millisecond that its expiry date says', () => {
  assert.equal(findExpiryDate(RULE, UNUSED), later(0));
  assert.equal(findKeepingReason(RULE, UNUSED, later(-1)), 'Young');
  assert.equal(findKeepingReason(RULE, UNUSED, later(0)), undefined);
});

test('a failed build ages as any other, and each status that has not ended keeps', () => {
  assert.equal(findKeepingReason(RULE, { ...UNUSED, status: 'Failed' }, later(0)), undefined);
  for (const status of ['Queued', 'Building', 'Uploading'] as const) {
    assert.equal(findKeepingReason(RULE, { ...UNUSED, status }, later(0)), 'Unfinished');
  }
});

test('the preset of the hosted service is fifteen days; without days nothing is too young', () => {
  assert.deepEqual(readRule({ Preset: 'hosted' }), { keepNewest: 0, keepMs: 15 * DAY_MS });
  assert.deepEqual(readRule({ KeepNewest: 4 }), { keepNewest: 4, keepMs: 0 });
  assert.deepEqual(readRule({ KeepDays: 2 }), { keepNewest: 0, keepMs: 2 * DAY_MS });
  assert.equal(findKeepingReason(readRule({ KeepNewest: 4 }), UNUSED, CREATED_AT), undefined);
});

test('a retention in a word is read as it is written', () => {
  const retentions: readonly (readonly [string, Retention])[] = [
    ['hosted', { Preset: 'hosted' }],
    ['newest=10', { KeepNewest: 10 }],
    ['days=30', { KeepDays: 30 }],
    ['newest=10,days=30', { KeepNewest: 10, KeepDays: 30 }],
  ];
  for (const [text, retention] of retentions) {
    assert.equal(formatRetention(retention), text);
    assert.deepEqual(parseRetention(text), retention);
    checkRetention(retention);
  }
  assert.equal(parseRetention('none'), null);
  assert.equal(parseRetention(''), null);
  for (const text of [
    'all',
    'newest',
    'newest=',
    'newest=-1',
    'newest=1days=2',
    ',days=3',
    'days=3,',
    'hosted,days=3',
  ]) {
    assert.equal(parseRetention(text), undefined, text);
  }
});

test('a retention that keeps nothing, or says two things, or is misspelled, is none', () => {
  const refused: readonly (readonly [object, RegExp])[] = [
    [{}, /empty: give KeepNewest/],
    [{ Preset: 'hosted', KeepDays: 3 }, /'hosted' and more/],
    [{ KeepNewest: 3, KeepDay: 4 }, /no 'KeepDay', only Preset, KeepNewest, KeepDays/],
  ];
  for (const [retention, message] of refused)
    assert.throws(() => checkRetention(retention), { code: 'INVALID_PARAMETERS', message });
});
