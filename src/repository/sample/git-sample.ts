import { fastImportStream } from './fast-import-stream.ts';
import { runSampleProgram } from './run-sample-program.ts';
import { makeOnce, type Sample, type SampleEnvironment } from './sample.ts';
import { SAMPLE_HISTORY } from './sample-history.ts';

/**
 * Makes the sample repository for Git at `path`, bare, where it is not there yet: the same history with the same hashes
 * every time.
 *
 * @throws RepositoryError when git cannot be started or fails
 */
export async function makeGitSample(
  path: string,
  environment: SampleEnvironment,
  signal: AbortSignal,
): Promise<Sample> {
  const git = (args: readonly string[], input?: string) =>
    runSampleProgram(environment, { program: 'git', args, ...(input && { input }) }, signal);
  await makeOnce(path, async (unfinished) => {
    await git(['init', '--quiet', '--bare', '--initial-branch=main', '--template=', '--', unfinished]);
    await git([`--git-dir=${unfinished}`, 'fast-import', '--quiet'], fastImportStream(SAMPLE_HISTORY));
  });
  const heads = await git([`--git-dir=${path}`, 'rev-parse', 'refs/heads/main', 'refs/heads/feature']);
  const [mainRevision = '', featureRevision = ''] = heads.split('\n');
  return { path, mainBranch: 'main', mainRevision, featureRevision };
}
