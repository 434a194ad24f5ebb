import { DOCS_STYLE } from './docs-style.ts';
import type { ApiContent, ApiDocument, ApiOperation, ApiParameter, ApiSchema } from './openapi-document.ts';

/** The OpenAPI document as one page of HTML that needs nothing else: no scripts, no fonts, no network. */
export function renderDocsPage(document: ApiDocument): string {
  const { title, description = '' } = document.info;
  const tags = document.tags ?? [];
  const body = [
    `<header><h1>${escapeHtml(title)}</h1>${renderText(description)}`,
    '<p><a href="/openapi.json">The same as OpenAPI 3.1</a></p></header>',
    `<nav>${tags.map((tag) => renderContents(document, tag.name)).join('')}</nav>`,
    ...tags.map((tag) => renderTag(document, tag)),
    renderSchemas(document),
  ].join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${DOCS_STYLE}</style>
</head>
<body><main>${body}</main></body>
</html>
`;
}

interface Call extends ApiOperation {
  readonly method: string;
  readonly path: string;
}

function listCalls(document: ApiDocument, tag: string): Call[] {
  const calls = Object.entries(document.paths ?? {}).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ ...operation, method, path })),
  );
  return calls.filter(({ tags }) => tags?.includes(tag) === true);
}

function renderContents(document: ApiDocument, tag: string): string {
  const items = listCalls(document, tag).map(
    ({ operationId = '', summary = '' }) => `<li><a href="#${escapeHtml(operationId)}">${escapeHtml(summary)}</a></li>`,
  );
  return `<section><h2>${escapeHtml(tag)}</h2><ul>${items.join('')}</ul></section>`;
}

function renderTag(document: ApiDocument, tag: { readonly name: string; readonly description?: string }): string {
  const calls = listCalls(document, tag.name).map(renderCall).join('\n');
  return `<section><h2>${escapeHtml(tag.name)}</h2>${renderText(tag.description ?? '')}${calls}</section>`;
}

function renderCall(call: Call): string {
  return `<article id="${escapeHtml(call.operationId ?? '')}">
<h3>${escapeHtml(call.summary ?? '')}</h3>
<p class="address"><b>${escapeHtml(call.method.toUpperCase())}</b> <code>${escapeHtml(call.path)}</code></p>
${renderText(call.description ?? '')}${call.security?.length === 0 ? '<p class="note">Needs no credentials.</p>' : ''}
${renderParameters(call.parameters ?? [])}${renderBody(call.requestBody?.content)}${renderAnswers(call)}
</article>`;
}

function renderParameters(parameters: readonly ApiParameter[]): string {
  const rows = parameters.map(({ name, in: place, required, description, schema }) => [
    `<code>${escapeHtml(name)}</code>`,
    `${escapeHtml(place)}${required === true ? '' : ', optional'}`,
    `${renderType(schema)} ${renderInline(description ?? schema?.description ?? '')}`,
  ]);
  return renderTable('Parameters', rows);
}

function renderBody(content: ApiContent | undefined): string {
  const schema = Object.values(content ?? {})[0]?.schema;
  return schema === undefined ? '' : renderTable('Body', listFields(schema));
}

function renderAnswers({ responses = {} }: Call): string {
  const rows = Object.entries(responses).map(([status, { description = '', content = {} }]) => {
    const [mediaType = '', answer] = Object.entries(content)[0] ?? [];
    const type = mediaType === 'application/json' ? renderType(answer?.schema) : `<i>${escapeHtml(mediaType)}</i>`;
    return [`<b>${escapeHtml(status)}</b>`, type, renderText(description)];
  });
  return renderTable('Answers', rows);
}

function renderSchemas({ components }: ApiDocument): string {
  const schemas = Object.entries(components?.schemas ?? {}).map(
    ([name, schema]) =>
      `<article id="schema-${escapeHtml(name)}"><h3>${escapeHtml(name)}</h3>${renderText(schema.description ?? '')}${renderTable(
        'Fields',
        listFields(schema),
      )}</article>`,
  );
  return `<section><h2>Objects</h2>${schemas.join('\n')}</section>`;
}

function listFields({ properties = {}, required = [] }: ApiSchema): string[][] {
  return Object.entries(properties).map(([name, schema]) => [
    `<code>${escapeHtml(name)}</code>`,
    required.includes(name) ? '' : 'optional',
    `${renderType(schema)} ${renderInline(schema.description ?? '')}`,
  ]);
}

function renderType(schema: ApiSchema | undefined): string {
  if (schema === undefined) return '';
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return `<a href="#schema-${escapeHtml(name)}">${escapeHtml(name)}</a>`;
  }
  if (schema.const !== undefined) return `<code>${escapeHtml(String(schema.const))}</code>`;
  if (schema.anyOf !== undefined) return schema.anyOf.map(renderType).join(' or ');
  if (schema.items !== undefined) return `list of ${renderType(schema.items)}`;
  const type = [schema.type ?? ''].flat().join(' or ');
  return `<i>${escapeHtml(schema.format ?? type)}</i>`;
}

function renderTable(title: string, rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const lines = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`);
  return `<h4>${title}</h4><table>${lines.join('')}</table>`;
}

function renderText(text: string): string {
  const paragraphs = text.split('\n\n').filter((paragraph) => paragraph !== '');
  return paragraphs.map((paragraph) => `<p>${renderInline(paragraph)}</p>`).join('');
}

function renderInline(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
