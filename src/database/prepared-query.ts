import type { CompiledQuery } from 'kysely';
import type { Queries } from './database.ts';

/**
 * Builds a query once and runs it with other parameters each time: for the few that are asked so often that building
 * them costs more than running them.
 *
 * @param build is given one placeholder per parameter, and must use each once, in this order
 */
export function prepareQuery<Parameters extends readonly unknown[], Row>(
  placeholders: Parameters,
  build: (queries: Queries, parameters: Parameters) => { compile(): CompiledQuery<Row> },
): (queries: Queries, parameters: Parameters) => Promise<readonly Row[]> {
  const compiled = new WeakMap<Queries, CompiledQuery<Row>>();
  return async (queries, parameters) => {
    let query = compiled.get(queries);
    if (query === undefined) {
      query = build(queries, placeholders).compile();
      compiled.set(queries, query);
    }
    return (await queries.executeQuery<Row>({ ...query, parameters })).rows;
  };
}
