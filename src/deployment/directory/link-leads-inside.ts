/**
 * Whether a symbolic link of a package stays in the tree it is unpacked to, wherever other links of that tree lead. It may
 * go up first, through folders that are no links, and down from there; once it has gone down, the next `..` could be one
 * of the target of another link.
 *
 * @param path of the link, of whose folders none is a link
 * @param target where it leads
 */
export function linkLeadsInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const down = parts.findIndex((part) => part !== '..');
  const ups = down === -1 ? parts.length : down;
  return ups < path.split('/').length && !parts.slice(ups).includes('..');
}
