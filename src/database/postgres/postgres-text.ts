import {
  type ColumnDefinitionNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  type PluginTransformQueryArgs,
  type QueryResult,
  RawNode,
  type RootOperationNode,
  type UnknownRow,
} from 'kysely';

/**
 * Has text columns compared and put in order by their characters' codes, as SQLite does: by itself PostgreSQL does so as
 * in the language that the database was made for, which another server may have otherwise.
 */
export class TextByCodes implements KyselyPlugin {
  readonly #transformer = new ColumnTransformer();

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return this.#transformer.transformNode(node);
  }

  async transformResult({ result }: { readonly result: QueryResult<UnknownRow> }): Promise<QueryResult<UnknownRow>> {
    return result;
  }
}

class ColumnTransformer extends OperationNodeTransformer {
  protected override transformColumnDefinition(node: ColumnDefinitionNode): ColumnDefinitionNode {
    const column = super.transformColumnDefinition(node);
    const isText = 'dataType' in column.dataType && column.dataType.dataType === 'text';
    return isText ? { ...column, dataType: RawNode.createWithSql('text collate "C"') } : column;
  }
}

/**
 * The parameters of a query as PostgreSQL takes them: it knows no text with a NUL in it. Where somebody sends one, the sign
 * for what cannot be shown stands in its place, in what is written and in what is looked for.
 */
export function withoutNul(parameters: readonly unknown[]): unknown[] {
  return parameters.map((value) => (typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value));
}
