import type { Compilable, CompiledQuery } from 'kysely';
import type { Queries } from './database.ts';

/**
 * A query whose text is made once for each connection: building it anew takes longer than SQLite takes to answer it.
 * For the few that run with nearly every request; the text must not depend on the parameters.
 *
 * @param build the query with a placeholder for each parameter, in the order in which they stand in its text
 * @returns runs it with such parameters, all of them, and answers its rows
 */
export function prepareQuery<Parameters extends readonly [unknown, ...unknown[]], Row>(
  build: (queries: Queries) => Compilable<Row>,
): (queries: Queries, parameters: Parameters) => Promise<Row[]> {
  const known = new WeakMap<Queries, CompiledQuery<Row>>();
  return async (queries, parameters) => {
    let compiled = known.get(queries);
    if (compiled === undefined) {
      compiled = build(queries).compile();
      if (compiled.parameters.length !== parameters.length) throw new Error(`Wrong parameters for: ${compiled.sql}`);
      known.set(queries, compiled);
    }
    const { rows } = await queries.executeQuery<Row>({ ...compiled, parameters });
    return rows;
  };
}
