/**
 * Takes the queries out of every address in a text: the link to a package has its signature there, and is good for
 * whoever reads it.
 */
export function hideQueries(text: string): string {
  return text.replace(/(https?:\/\/[^\s"'?\\]*)\?[^\s"'\\]*/g, '$1');
}
