/**
 * The file name of a package: `<branch or "Main line">-<version>.mda` (documented by the example
 * `Main line-2.5.4.63.mda`), with everything that a file name on any system cannot hold replaced by `-`.
 */
export function packageName(displayBranch: string, version: string): string {
  const safe = displayBranch
    .normalize('NFC')
    .replace(/[\p{C}/\\:*?"<>|]+/gu, '-')
    .replace(/^[. ]+/, '')
    .slice(0, 100);
  return `${safe === '' ? 'branch' : safe}-${version}.mda`;
}
