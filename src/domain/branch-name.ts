/** What a client named: the main line, or a branch by its bare name. */
export type BranchRequest =
  | { readonly mainLine: true }
  | {
      readonly mainLine: false;
      /** The bare name, without `branches/`. */
      readonly name: string;
      /** Whether a word for the main line was used: then the main line is meant unless a branch has this very name. */
      readonly orMainLine: boolean;
    };

/** Of the bare name, in UTF-8: longer ones, beside what stands with them, are too long for an index of PostgreSQL. */
export const MOST_BRANCH_BYTES = 1000;

const WORDS_FOR_MAIN_LINE = new Set(['trunk', 'main', 'main line']);

/**
 * Reads every spelling that clients use for a branch: absent, blank, `trunk`, `main`, `Main line`, `<x>`,
 * `branches/<x>`, `branches%2F<x>`.
 */
export function parseBranch(text: string | undefined): BranchRequest {
  const given = text?.trim() ?? '';
  if (given === '') return { mainLine: true };
  const decoded = given.replace(/^branches%2f/i, 'branches/');
  if (decoded.startsWith('branches/') && decoded.length > 'branches/'.length) {
    return { mainLine: false, name: decoded.slice('branches/'.length), orMainLine: false };
  }
  return { mainLine: false, name: decoded, orMainLine: WORDS_FOR_MAIN_LINE.has(decoded.toLowerCase()) };
}

/** How a branch is spelled in answers: `main` for Git's main line, `trunk` for Subversion's, `branches/<x>` for others. */
export function presentBranch(branch: { readonly name: string; readonly isMainLine: boolean }): string {
  if (!branch.isMainLine) return `branches/${branch.name}`;
  return branch.name === 'trunk' ? 'trunk' : 'main';
}

/** The name that people see: `Main line`, or the bare name. */
export function displayBranch(branch: { readonly name: string; readonly isMainLine: boolean }): string {
  return branch.isMainLine ? 'Main line' : branch.name;
}
