import { styleText } from 'node:util';
import type { PackageStatus, Problem, WirePackage } from '../protocol/package.ts';
import type { Cli } from './cli.ts';
import { formatDuration, formatSize } from './human-text.ts';
import { formatFields, formatMoment, formatTable } from './output.ts';

const COLORS = { Queued: 'gray', Building: 'yellow', Uploading: 'yellow', Succeeded: 'green', Failed: 'red' } as const;

/** A status in its colour, where the terminal shows colours and NO_COLOR does not forbid them. */
export function colorStatus(cli: Cli, status: PackageStatus): string {
  const colors = cli.stdout.isTTY === true && (cli.variables.NO_COLOR ?? '') === '';
  return colors ? styleText(COLORS[status], status, { validateStream: false }) : status;
}

/** Everything that is known of a package, for people. */
export function describePackage(cli: Cli, found: WirePackage): string {
  const problems = found.Problems ?? [];
  return [describeFields(cli, found), ...(problems.length === 0 ? [] : [describeProblems(problems)])].join('\n\n');
}

function describeProblems(problems: readonly Problem[]): string {
  const rows = problems.map(({ Severity, Module, Document, Message }) => [
    Severity,
    Module ?? '',
    Document ?? '',
    Message,
  ]);
  return formatTable(['severity', 'module', 'document', 'problem'], rows, '');
}

function describeFields(cli: Cli, found: WirePackage): string {
  return formatFields({
    Package: found.Name,
    PackageId: found.PackageId,
    Status: found.Status,
    Reason: found.StatusReason ?? undefined,
    Version: found.Version,
    Description: found.Description === '' ? undefined : found.Description,
    Branch: found.Branch === '' ? undefined : found.Branch,
    Revision: found.Revision === '' ? undefined : found.Revision,
    Mendix: found.MendixVersion ?? undefined,
    Creator: found.Creator,
    Created: formatMoment(cli, found.CreationDate),
    Duration: found.DurationMs === null ? undefined : formatDuration(found.DurationMs),
    Size: found.Status === 'Succeeded' ? `${formatSize(found.Size)} (${found.Size} bytes)` : undefined,
    SHA256: found.Sha256 ?? undefined,
    Tag: describeTag(found),
    Deployed: describeDeploy(found),
    Pinned: found.Pinned ? 'until it is unpinned' : undefined,
    Expires: found.ExpiryDate === null ? undefined : formatMoment(cli, found.ExpiryDate),
    Link: found.Url === undefined ? undefined : `${found.Url.Location} (valid for ${found.Url.TTL} s)`,
  });
}

function describeDeploy({ DeployStatus, DeployMessage }: WirePackage): string | undefined {
  if (DeployStatus === null) return undefined;
  return `${DeployStatus.toLowerCase()}${DeployMessage === null ? '' : `: ${DeployMessage}`}`;
}

function describeTag(found: WirePackage): string | undefined {
  const { Version, TagStatus, TagMessage } = found;
  if (TagStatus === null) return undefined;
  return `${Version} (${TagStatus.toLowerCase()})${TagMessage === null ? '' : `: ${TagMessage}`}`;
}
