import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { CommitGraph } from './commit-graph.ts';
import { History } from './history.ts';

const id = (name: string) => createHash('sha1').update(name).digest('hex');

function graphOf(commits: readonly (readonly [name: string, ...parents: string[]])[]): CommitGraph {
  const graph = new CommitGraph(20);
  for (const [name, ...parents] of commits) graph.add(id(name), parents.map(id));
  return graph;
}

const MERGED = graphOf([
  ['a'],
  ['b', 'a'],
  ['side1', 'a'],
  ['side2', 'side1'],
  ['merge', 'b', 'side2'],
  ['tip', 'merge'],
]);

it('counts what is reachable along first parents', async () => {
  const history = new History(MERGED);
  const numbers = await history.newest(id('tip'), 10);
  assert.deepEqual(
    numbers.map(({ id: one, number }) => [one, number]),
    [
      [id('tip'), 6],
      [id('merge'), 5],
      [id('b'), 2],
      [id('a'), 1],
    ],
  );
  assert.equal(await history.findByNumber(id('tip'), 5), id('merge'));
  for (const gap of [0, 3, 4, 7]) assert.equal(await history.findByNumber(id('tip'), gap), undefined);
});

it('counts what is reachable from many commits at once as from one alone', async () => {
  const names = Array.from({ length: 100 }, (_, at) => `c${at}`);
  const graph = graphOf(
    names.map((name, at) => {
      const parents = [at - 1, Math.trunc(at / 2) - 3, at % 7 === 0 ? at - 20 : -1].filter((parent) => parent >= 0);
      return [name, ...(at % 9 === 0 ? [] : new Set(parents.map((parent) => `c${parent}`)))] as const;
    }),
  );
  const history = new History(graph);
  const together = await history.countsOf(names.map(id));
  for (const name of names) {
    const alone = (await new History(graph).newest(id(name), 1)).map(({ number }) => number);
    assert.deepEqual([together.get(id(name))], alone, name);
  }
});

it('numbers the commits of a branch and not those beside it', async () => {
  const history = new History(MERGED);
  const numbers = ['a', 'b', 'side1', 'merge', 'tip', 'none'].map((name) => history.numberOf(id(name), id('tip')));
  assert.deepEqual(await Promise.all(numbers), [1, 2, undefined, 5, 6, undefined]);
  assert.equal(await history.numberOf(id('tip'), id('merge')), undefined);
});

it('knows ancestors, second parents included, and nothing else', async () => {
  const history = new History(MERGED);
  for (const name of ['a', 'b', 'side1', 'side2', 'merge', 'tip']) {
    assert.equal(await history.isOnBranch(id(name), id('tip')), true, name);
    assert.equal(await history.isOnBranch(id(name), id('b')), name === 'a' || name === 'b', name);
  }
  assert.equal(await history.isOnBranch(id('unknown'), id('tip')), false);
});

it('finds ids by any prefix, and two where a prefix is short', () => {
  const graph = graphOf(Array.from({ length: 5_000 }, (_, at) => [`c${at}`] as const));
  assert.equal(graph.size, 5_000);
  const full = id('c4321');
  for (let length = 8; length <= 40; length++) assert.deepEqual(graph.findByPrefix(full.slice(0, length)), [4_321]);
  assert.equal(graph.find(full), 4_321);
  assert.equal(graph.idAt(4_321), full);
  assert.equal(graph.find(id('none')), undefined);
  assert.equal(graph.find('zz'), undefined);
  assert.equal(graph.findByPrefix(full.slice(0, 2)).length, 2);
});

it('adds a commit once', () => {
  const graph = graphOf([['a'], ['b', 'a'], ['a'], ['b', 'a']]);
  assert.equal(graph.size, 2);
});
