import type { CommitGraph } from './commit-graph.ts';
import { localFailure } from './git-failure.ts';
import type { GitSettings } from './git-settings.ts';
import { runGit } from './run-git.ts';

/**
 * Adds to a graph every commit that is reachable from some tips and not from others that were added before. The text is
 * read as it comes, a pipe's worth at a time, so that other work goes on in between.
 */
export async function loadCommits(
  settings: GitSettings,
  gitDir: string,
  graph: CommitGraph,
  tips: { readonly added: Iterable<string>; readonly known: Iterable<string> },
  signal: AbortSignal,
): Promise<void> {
  const input = [...tips.added, ...[...tips.known].map((id) => `^${id}`)].join('\n');
  let unfinished = '';
  const onOutput = (chunk: Buffer) => {
    const lines = (unfinished + chunk.toString('latin1')).split('\n');
    unfinished = lines.pop() ?? '';
    for (const line of lines) addLine(graph, line);
  };
  const args = ['rev-list', '--parents', '--topo-order', '--reverse', '--stdin'];
  const outcome = await runGit(settings, {
    args,
    gitDir,
    input: `${input}\n`,
    timeoutMs: settings.fetchTimeoutMs,
    signal,
    onOutput,
  });
  if (outcome.code !== 0) throw localFailure(outcome, 'read its history');
}

function addLine(graph: CommitGraph, line: string): void {
  const [id, ...parents] = line.split(' ');
  if (id !== undefined && id !== '') graph.add(id, parents);
}
