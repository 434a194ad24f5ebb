import { dumpStream } from './dump-stream.ts';
import { runSampleProgram } from './run-sample-program.ts';
import { makeOnce, type Sample, type SampleEnvironment } from './sample.ts';
import { SAMPLE_HISTORY } from './sample-history.ts';

/**
 * Makes the sample repository for Subversion at `path`, where it is not there yet: the same history every time.
 *
 * @throws RepositoryError when svnadmin cannot be started or fails
 */
export async function makeSvnSample(
  path: string,
  environment: SampleEnvironment,
  signal: AbortSignal,
): Promise<Sample> {
  await makeOnce(path, async (unfinished) => {
    await runSampleProgram(environment, { program: 'svnadmin', args: ['create', unfinished] }, signal);
    const load = ['load', '--quiet', unfinished];
    await runSampleProgram(environment, { program: 'svnadmin', args: load, input: dumpStream(SAMPLE_HISTORY) }, signal);
  });
  const revisionOf = (branch: string) => String(SAMPLE_HISTORY.findLastIndex((commit) => commit.branch === branch) + 2);
  return { path, mainBranch: 'trunk', mainRevision: revisionOf('main'), featureRevision: revisionOf('feature') };
}
