import { presentBranch } from '../domain/branch-name.ts';
import type { BranchWithCommit, Commit } from '../operations/page-repository.ts';
import type { WireCommit, WireRepositoryBranch } from '../protocol/app-repository.ts';

export function presentRepositoryBranch(branch: BranchWithCommit): WireRepositoryBranch {
  const { latestCommit } = branch;
  return { name: presentBranch(branch), ...(latestCommit && { latestCommit: presentCommit(latestCommit) }) };
}

export function presentCommit({
  id,
  authorName,
  authorEmail,
  committedAt,
  message,
  mendixVersion,
}: Commit): WireCommit {
  return {
    id,
    author: { name: authorName, email: authorEmail },
    date: new Date(committedAt).toISOString(),
    message,
    relatedStories: [],
    ...(mendixVersion !== undefined && { mendixVersion }),
  };
}
