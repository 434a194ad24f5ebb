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
