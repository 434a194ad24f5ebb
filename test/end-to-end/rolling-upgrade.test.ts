import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startBusyCluster } from '../support/busy-cluster.ts';
import { startSlipwayProcess } from '../support/slipway-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The release before this version, by its tag. Where there is none, the version before the tables were changed last, which is
 * the nearest to one. SLIPWAY_TEST_PREVIOUS names another revision.
 */
const previous = process.env.SLIPWAY_TEST_PREVIOUS ?? (await findRelease()) ?? (await findBeforeMigration());

const skip = previous === undefined && 'this is no clone of the repository with its history';

test('members are replaced by those of the next version one by one, while clients go on', { skip }, async (t) => {
  const program = await checkOut(t, previous ?? '');
  // Versions before 0.1.0 make no tag on a revision that another server was asked for.
  const { cluster, untilAccepted, finish, succeeded } = await startBusyCluster(t, { program, pushes: false });
  const { servers, workers, variables } = cluster;
  await untilAccepted(4);
  for (const member of [...servers, ...workers]) {
    assert.equal(await member.end('SIGTERM'), 0);
    await member.start();
    await untilAccepted(4);
  }
  await finish();
  assert.ok(succeeded() > 5, `${succeeded()} builds succeeded`);
  const args = ['serve', '--port', '0', '--data', join(await temporaryFolder(t), 'data')];
  const older = startSlipwayProcess(args, variables, /Slipway serves/, { program });
  await assert.rejects(older, /was changed by a newer version of Slipway/, 'the tables are those of this version');
});

function findRelease(): Promise<string | undefined> {
  return askGit(['describe', '--tags', '--abbrev=0', '--match', 'v*', 'HEAD^']);
}

async function findBeforeMigration(): Promise<string | undefined> {
  const last = await askGit(['log', '-1', '--format=%H', '--', 'src/database/migrations']);
  return last && (await askGit(['rev-parse', '--verify', '--quiet', `${last}^`]));
}

/** @returns undefined where it has no answer */
async function askGit(args: readonly string[]): Promise<string | undefined> {
  const git = run('git', args, { cwd: ROOT });
  return await git.then(
    ({ stdout }) => stdout.trim() || undefined,
    () => undefined,
  );
}

/** Its sources as they were, with the libraries of today. @returns what to start */
async function checkOut(t: TestContext, revision: string): Promise<string> {
  const folder = await temporaryFolder(t);
  const archive = join(folder, 'sources.tar');
  await run('git', ['archive', '--output', archive, revision, 'src', 'package.json'], { cwd: ROOT });
  await run('tar', ['-x', '-f', archive, '-C', folder]);
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const program = join(folder, 'slipway.mjs');
  const lines = ["import { runSlipway } from './src/main/slipway.ts';", 'process.exitCode = await runSlipway();', ''];
  await writeFile(program, lines.join('\n'));
  return program;
}
