import { join } from 'node:path';
import { BuildFailure } from '../../domain/failure.ts';
import type { MendixVersion } from '../../domain/mendix-version.ts';
import { chooseProjectFile } from '../../mendix-project/choose-project-file.ts';
import { readProjectFile } from '../../mendix-project/read-project-file.ts';
import type { SourceTree } from '../../repository/repository.ts';
import type { FoundSandbox } from '../../sandbox/open-sandbox.ts';
import type { Sandbox, SandboxLimits } from '../../sandbox/sandbox.ts';
import type { Builder, BuildJob } from '../builder.ts';
import { makeWorkspace, type Workspace } from '../workspace.ts';
import { buildWarm } from './build-warm.ts';
import { chooseJavaHome, javaMajorsFor } from './java-homes.ts';
import { findMissingMono, MXBUILD_PATH } from './mxbuild-command.ts';
import type { ReportProgress } from './obtain-toolchain.ts';
import { findProjectJava } from './project-java.ts';
import { type Order, PACKAGE_FILE, runOnce } from './run-once.ts';
import { openPackage, storePackage } from './take-package.ts';
import type { WarmMxbuilds } from './warm-mxbuilds.ts';

export interface MxbuildOptions {
  /** Gives the folder of an MxBuild. @throws BuildFailure `toolchain-missing` */
  readonly obtainToolchain: (version: MendixVersion, report: ReportProgress, signal: AbortSignal) => Promise<string>;
  /** Folders of JDKs, or that hold several. */
  readonly javaHomes: readonly string[];
  readonly findSandbox: () => Promise<FoundSandbox>;
  readonly limits: SandboxLimits;
  readonly warmMxbuilds: WarmMxbuilds;
  /** An existing folder for the workspaces. */
  readonly temporaryFolder: string;
  /** The app's setting; null where it names none. */
  readonly projectFile: string | null;
  /** Where commands of a build are looked for, such as `mono`: a PATH. @default MXBUILD_PATH */
  readonly commandPath?: string;
}

/**
 * Builds a Mendix project with the MxBuild of its version, in a copy that is thrown away: MxBuild writes into the
 * project. With one that is kept warm between builds where that can be, else, or where nothing comes of it, with one that
 * is started for the build.
 */
export function mxbuildBuilder(options: MxbuildOptions): Builder {
  return {
    name: 'mxbuild',
    async build(job) {
      job.signal.throwIfAborted();
      const project = findProject(job.tree, options.projectFile);
      const workspace = await makeWorkspace(job.tree, options.temporaryFolder, job.signal);
      try {
        await buildIn(options, job, workspace, project);
      } finally {
        await workspace.remove();
      }
    },
  };
}

/** A link is no project file: it could lead to a file of somebody else. */
function findProject({ files }: SourceTree, setting: string | null): string {
  const paths = files.filter(({ mode }) => mode !== 'symlink').map(({ path }) => path);
  const project = chooseProjectFile(paths, setting);
  if (project !== undefined) return project;
  throw new BuildFailure('source-unreadable', 'There is no project file (.mpr) in the source.');
}

async function buildIn(options: MxbuildOptions, job: BuildJob, workspace: Workspace, project: string): Promise<void> {
  const order = await prepare(options, job, workspace, project);
  const found = await options.findSandbox();
  if ('missing' in found) throw new BuildFailure('no-sandbox', found.missing);
  const { sandbox } = found;
  const { mendixVersion, commandPath } = order;
  const missing = sandbox.hasOwnPrograms ? undefined : await findMissingMono([mendixVersion], commandPath);
  if (missing !== undefined) throw new BuildFailure('toolchain-missing', missing);
  const outcome = await buildWarm({ ...options, sandbox }, job, order, workspace);
  if (outcome === 'untouched') await buildOnce(options, job, order, sandbox, workspace);
  if (outcome === 'gone') await buildAnew(options, job, order, sandbox);
}

async function prepare(
  options: MxbuildOptions,
  { tree, log, report, signal }: BuildJob,
  { folder }: Workspace,
  project: string,
): Promise<Order> {
  const say = (text: string) => log.line(`mxbuild: ${text}`);
  const file = join(folder, project);
  const { mendixVersion } = await readProjectFile(file, project);
  report.mendixVersion = mendixVersion;
  say(`${project} is of Mendix ${mendixVersion}`);
  const toolchain = await options.obtainToolchain(mendixVersion, say, signal);
  const hasChoice = javaMajorsFor(mendixVersion).length > 1;
  const wanted = hasChoice ? await findProjectJava(tree, project, file, signal) : undefined;
  const java = await chooseJavaHome(mendixVersion, options.javaHomes, wanted);
  say(`building with Java ${java.major} in ${java.folder}`);
  const { commandPath = MXBUILD_PATH } = options;
  return { project, mendixVersion, toolchain, javaHome: java.folder, commandPath };
}

async function buildOnce(
  { limits }: MxbuildOptions,
  job: BuildJob,
  order: Order,
  sandbox: Sandbox,
  { room }: Workspace,
): Promise<void> {
  await runOnce({ sandbox, limits }, job, order, room);
  const expected = { RuntimeVersion: order.mendixVersion, ModelVersion: job.facts.version };
  await storePackage(await openPackage(join(room, 'tmp', PACKAGE_FILE), expected), job.output);
}

async function buildAnew(options: MxbuildOptions, job: BuildJob, order: Order, sandbox: Sandbox): Promise<void> {
  const workspace = await makeWorkspace(job.tree, options.temporaryFolder, job.signal);
  try {
    await buildOnce(options, job, order, sandbox, workspace);
  } finally {
    await workspace.remove();
  }
}
