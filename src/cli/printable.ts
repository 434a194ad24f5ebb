/** Text from a server, fit for a terminal: without control characters, which could do anything to it. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
