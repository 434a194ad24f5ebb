import type { BranchRequest } from '../../domain/branch-name.ts';
import type { AppSettings } from '../../protocol/manage.ts';
import type { BranchName } from '../repository.ts';

/** Where branches and tags are, as paths below the address; empty for the address itself. */
export interface SvnLayout {
  readonly trunk: string;
  readonly branches: string;
  readonly tags: string;
}

/** The name of the main line, whatever its folder is called. */
export const MAIN_LINE: BranchName = { name: 'trunk', isMainLine: true };

/** @param mainBranch the app's main line by another setting, for repositories of every kind */
export function layoutOf(settings: Partial<AppSettings>, mainBranch: string | undefined): SvnLayout {
  return {
    trunk: tidy(settings.Trunk ?? mainBranch ?? 'trunk'),
    branches: tidy(settings.Branches ?? 'branches'),
    tags: tidy(settings.Tags ?? 'tags'),
  };
}

export interface PlacedBranch extends BranchName {
  /** Below the address. */
  readonly path: string;
}

/** Where the branch that a client named may be, the likelier place first; nowhere when no folder can have its name. */
export function placesOf(layout: SvnLayout, request: BranchRequest): readonly PlacedBranch[] {
  const mainLine = { ...MAIN_LINE, path: layout.trunk };
  if (request.mainLine) return [mainLine];
  const { name } = request;
  const isMainLine = request.orMainLine || tidy(name) === layout.trunk;
  const named = isFolderName(name)
    ? [{ name, isMainLine: false, path: pathOf(layout, { name, isMainLine: false }) }]
    : [];
  return isMainLine ? [...named, mainLine] : named;
}

/** The folder of a branch, below the address. */
export function pathOf(layout: SvnLayout, branch: BranchName): string {
  return branch.isMainLine ? layout.trunk : joinPath(layout.branches, branch.name);
}

export function joinPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/');
}

function isFolderName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(name)) return false;
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function tidy(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/**
 * The branch that a changed path belongs to: the main line, or the folder right below that of the branches.
 *
 * @param address of the app, which may lead to a folder of the repository
 * @param path below the root of the repository, without slashes around it
 * @returns undefined for what is on no branch; `isTop` for the folder of the branch itself
 */
export function branchOfPath(
  layout: SvnLayout,
  address: string,
  path: string,
): (BranchName & { readonly isTop: boolean }) | undefined {
  const parts = tidy(path).split('/');
  // What lies above the address is known by its end alone, since only the server knows where its root is. It has no more
  // folders than the address has: a path may have very many.
  const most = Math.min(parts.length, address.split('/').length - 1);
  for (let at = 0; at <= most; at++) {
    const above = parts.slice(0, at).join('/');
    const found = at === 0 || endsInFolder(address, above) ? placeOfPath(layout, parts.slice(at)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function placeOfPath(layout: SvnLayout, parts: readonly string[]) {
  const below = (folder: string) => {
    const start = folder === '' ? [] : folder.split('/');
    return start.every((part, at) => parts[at] === part) ? parts.slice(start.length) : undefined;
  };
  const [branch, ...inBranch] = below(layout.branches) ?? [];
  if (branch !== undefined && branch !== '' && layout.branches !== '') {
    return { name: branch, isMainLine: false, isTop: inBranch.length === 0 };
  }
  const inTrunk = below(layout.trunk);
  return inTrunk && { ...MAIN_LINE, isTop: inTrunk.length === 0 };
}

function endsInFolder(address: string, folder: string): boolean {
  const spelled = [address, decodeAddress(address)].map((one) => one.replace(/\/+$/, ''));
  return spelled.some((one) => one.endsWith(`/${folder}`));
}

function decodeAddress(address: string): string {
  try {
    return decodeURI(address);
  } catch {
    return address;
  }
}
