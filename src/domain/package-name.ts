/** File systems take names of 255 bytes; the version is shorter than 60, and an ending may be added to it all. */
const BRANCH_BYTES = 160;

/**
 * The file name of a package: `<branch or "Main line">-<version>.mda` (documented by the example
 * `Main line-2.5.4.63.mda`), with everything that a file name on any system cannot hold replaced by `-`.
 */
export function packageName(displayBranch: string, version: string): string {
  const safe = displayBranch
    .normalize('NFC')
    .replace(/[\p{C}/\\:*?"<>|]+/gu, '-')
    .replace(/^[. ]+/, '');
  return `${safe === '' ? 'branch' : cut(safe)}-${version}.mda`;
}

/** Whole characters alone, of {@link BRANCH_BYTES} at most. */
function cut(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(BRANCH_BYTES));
  return text.slice(0, read);
}
