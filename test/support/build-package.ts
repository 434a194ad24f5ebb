import type { Builder, BuildFacts } from '../../src/builders/builder.ts';
import type { SourceTree } from '../../src/repository/repository.ts';
import { type MemoryBlobWriter, memoryBlobWriter } from './memory-blob-writer.ts';
import { recordingLog } from './recording-log.ts';

export const FACTS: BuildFacts = {
  appKey: 'app-1',
  appId: 'calc',
  branch: 'main',
  revision: '5e6a49a5b0c1d2e3f405162738495a6b7c8d9e0f',
  version: '2.5.4.5e6a49a5',
  description: 'Add scientific mode',
};

export interface BuildOptions {
  readonly facts?: Partial<BuildFacts>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly output?: MemoryBlobWriter;
}

/** Runs a builder once and answers the package and the lines of the log. */
export async function buildPackage(builder: Builder, tree: SourceTree, options: BuildOptions = {}) {
  const { facts, secrets = {}, signal = new AbortController().signal, output = memoryBlobWriter() } = options;
  const lines: string[] = [];
  const log = recordingLog(lines);
  await builder.build({ tree, facts: { ...FACTS, ...facts }, output, log, secrets, report: {}, signal });
  return { bytes: output.bytes, output, lines };
}
