/** Takes users and passwords out of every URL in a text, so that it can be shown or logged. */
export function hideCredentials(text: string): string {
  return text.replace(/([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^\s/'"]*@/g, '$1');
}
