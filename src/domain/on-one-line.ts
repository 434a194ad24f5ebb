/**
 * What somebody outside says, fit to stand in an answer and in the database: without control characters, on one line,
 * and cut.
 */
export function onOneLine(text: string, mostLetters: number): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length > mostLetters ? `${line.slice(0, mostLetters - 1)}…` : line;
}
