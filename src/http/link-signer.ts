import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a download link leads to, and until when. */
export interface LinkTarget {
  readonly packageId: string;
  readonly fileName: string;
}

/** Makes links that are valid without headers, and recognises its own. */
export interface LinkSigner {
  /** @returns path and query of a link. @param expiresAt in seconds since 1970 */
  sign(target: LinkTarget, expiresAt: number): string;
  /** Whether a link was signed here and has not been changed. Its expiry is for the caller to check. */
  isGenuine(target: LinkTarget, expiresAt: number, signature: string): boolean;
}

/** @param secret at least 32 random bytes; whoever knows them can make links */
export function createLinkSigner(secret: Uint8Array): LinkSigner {
  // The decoded parts are signed, not the address: a proxy may spell the same path with other escapes.
  const digest = (target: LinkTarget, expiresAt: number) =>
    createHmac('sha256', secret)
      .update(JSON.stringify([target.packageId, target.fileName, expiresAt]))
      .digest('base64url');
  return {
    sign(target, expiresAt) {
      const path = `/download/${target.packageId}/${encodeURIComponent(target.fileName)}`;
      return `${path}?expires=${expiresAt}&signature=${digest(target, expiresAt)}`;
    },
    isGenuine(target, expiresAt, signature) {
      // As text: base64 has several spellings of the same bytes.
      const expected = Buffer.from(digest(target, expiresAt));
      const given = Buffer.from(signature);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
