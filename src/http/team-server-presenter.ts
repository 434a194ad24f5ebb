import { displayBranch, presentBranch } from '../domain/branch-name.ts';
import type { DescribedBranch, DescribedRevision } from '../operations/describe-branches.ts';
import type { WireTeamServerBranch, WireTeamServerRevision } from '../protocol/team-server.ts';

export function presentTeamServerBranch(branch: DescribedBranch): WireTeamServerBranch {
  return {
    Name: presentBranch(branch),
    DisplayName: displayBranch(branch),
    LatestRevisionNumber: branch.headNumber,
    LatestRevisionMendixVersion: branch.mendixVersion ?? '',
    LatestTaggedVersion: branch.latestTaggedVersion,
  };
}

export function presentTeamServerRevision(revision: DescribedRevision): WireTeamServerRevision {
  const isHash = revision.id !== String(revision.number);
  return {
    Number: revision.number,
    CommitMessage: revision.message,
    Date: revision.committedAt,
    Author: revision.authorEmail === '' ? revision.authorName : revision.authorEmail,
    MendixVersion: revision.mendixVersion ?? '',
    ...(isHash && { Hash: revision.id }),
  };
}
