import type { Compilable, CompiledQuery } from 'kysely';
import type { Queries } from './database.ts';

/**
 * A query for the one row that a key names, for the few that nearly every request makes. Its text is made once for each
 * connection: building it anew takes longer than SQLite takes to answer it. Where {@link rememberLookUps} says so, what
 * it found is remembered as well.
 *
 * @param build the query, with one placeholder for the key
 * @returns finds the row; who is given one may not change it
 */
export function prepareLookUp<Key extends string, Row>(
  build: (queries: Queries) => Compilable<Row>,
): (queries: Queries, key: Key) => Promise<Row | undefined> {
  return prepare<Key, Row | undefined>((queries) => {
    const compiled = compile(build(queries));
    return (key) => run(queries, compiled, key);
  });
}

/**
 * What several queries find for a key, remembered in the same way.
 *
 * @returns finds it; who is given it may not change it
 */
export function rememberFound<Key extends string, Found>(
  find: (queries: Queries, key: Key) => Promise<Found>,
): (queries: Queries, key: Key) => Promise<Found> {
  return prepare<Key, Found>((queries) => (key) => find(queries, key));
}

function prepare<Key extends string, Found>(
  open: (queries: Queries) => (key: Key) => Promise<Found>,
): (queries: Queries, key: Key) => Promise<Found> {
  const known = new WeakMap<Queries, LookUp<Key, Found>>();
  return async (queries, key) => {
    let lookUp = known.get(queries);
    if (lookUp === undefined) {
      lookUp = { find: open(queries), found: new Map(), generation: undefined };
      known.set(queries, lookUp);
    }
    const generation = generations.get(queries);
    return generation === undefined ? lookUp.find(key) : remember(lookUp, key, await generation());
  };
}

/**
 * Remembers what look-ups by a connection find: a client that polls asks for the same row many times before it changes.
 *
 * @param generation another value after each commit, whoever made it, before anybody learns of it
 */
export function rememberLookUps(queries: Queries, generation: Generation): void {
  generations.set(queries, generation);
}

type Generation = () => unknown;

const generations = new WeakMap<Queries, Generation>();

interface LookUp<Key, Found> {
  readonly find: (key: Key) => Promise<Found>;
  readonly found: Map<Key, Found>;
  /** When everything in `found` was true. */
  generation: unknown;
}

/** More than the packages that are polled at once; a row takes about a kilobyte. */
const MOST_ROWS = 1000;

async function remember<Key, Found>(lookUp: LookUp<Key, Found>, key: Key, generation: unknown): Promise<Found> {
  const { found } = lookUp;
  if (lookUp.generation !== generation || found.size >= MOST_ROWS) found.clear();
  lookUp.generation = generation;
  const known = found.get(key);
  if (known !== undefined) return known;
  const row = await lookUp.find(key);
  if (row !== undefined && lookUp.generation === generation) found.set(key, row);
  return row;
}

async function run<Row>(queries: Queries, compiled: CompiledQuery<Row>, key: string): Promise<Row | undefined> {
  const { rows } = await queries.executeQuery<Row>({ ...compiled, parameters: [key] });
  return rows[0];
}

function compile<Row>(query: Compilable<Row>): CompiledQuery<Row> {
  const compiled = query.compile();
  if (compiled.parameters.length !== 1) throw new Error(`A look-up has one key: ${compiled.sql}`);
  return compiled;
}
