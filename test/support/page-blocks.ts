/** A fenced block of a Markdown page. */
export interface PageBlock {
  /** The comment on the line before it: who runs it, or why nobody does. */
  readonly mark: string | undefined;
  /** Empty where none is named. */
  readonly language: string;
  readonly text: string;
}

export function listBlocks(page: string): readonly PageBlock[] {
  const blocks = page.matchAll(/^(?:<!-- ([^\n]*) -->\n)?```(\w*)\n(.*?)^```$/gms);
  return [...blocks].map(([, mark, language = '', text = '']) => ({ mark, language, text }));
}

/** Splits a line of the shell that quotes with double quotes alone; what follows a `#` is a comment. */
export function splitWords(line: string): string[] {
  const words = line.replace(/\s#.*/, '').matchAll(/"([^"]*)"|(\S+)/g);
  return [...words].map(([, quoted, bare]) => quoted ?? bare ?? '');
}
