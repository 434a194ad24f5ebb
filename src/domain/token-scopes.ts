import { TOKEN_SCOPES, type TokenScope } from '../protocol/token-scopes.ts';

/** Whether what was granted covers what a call needs: who may write may read. */
export function covers(granted: readonly TokenScope[], needed: TokenScope): boolean {
  return granted.includes(needed) || granted.some((scope) => scope === needed.replace(/:read$/, ':write'));
}

/** As scopes are stored: sorted and each once, with blanks between them. */
export function formatScopes(scopes: readonly TokenScope[]): string {
  return [...new Set(scopes)].toSorted().join(' ');
}

/** @param text as {@link formatScopes} wrote it; null for an API key, which has none */
export function readScopes(text: string | null): readonly TokenScope[] | undefined {
  if (text === null) return undefined;
  const stored = text.split(' ');
  return TOKEN_SCOPES.filter((scope) => stored.includes(scope));
}
