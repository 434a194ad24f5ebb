import type { MemberCache } from '../packaging/member-cache/member-cache.ts';
import { type PackageSummary, writePackage } from '../packaging/write-package.ts';
import type { Builder } from './builder.ts';

export interface ArchiveOptions {
  readonly cache: MemberCache;
  /** An existing folder for temporary files; nothing is left in it. */
  readonly temporaryFolder: string;
}

/** The default builder: the package holds the files of the revision as they are. */
export function archiveBuilder(options: ArchiveOptions): Builder {
  const name = 'archive';
  return {
    name,
    async build({ tree, facts, output, log, signal }) {
      signal.throwIfAborted();
      log.line(`archive: packing ${count(tree.files.length, 'file')} of revision ${facts.revision}`);
      const { appKey } = facts;
      const summary = await writePackage({
        ...options,
        tree,
        facts: { ...facts, builder: name },
        output,
        appKey,
        signal,
      });
      for (const text of describe(summary)) log.line(`archive: ${text}`);
    },
  };
}

function describe(summary: PackageSummary): readonly string[] {
  const { reused, deflated, stored } = summary;
  return [
    `${number(reused)} reused from earlier builds, ${number(deflated)} deflated, ${number(stored)} stored`,
    `${count(summary.contentBytes, 'byte')} of content in a package of ${count(summary.packageBytes, 'byte')}`,
  ];
}

function count(amount: number, noun: string): string {
  return `${number(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

function number(amount: number): string {
  return String(amount).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
