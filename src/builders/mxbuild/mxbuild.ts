import { join } from 'node:path';
import type { BlobWriter } from '../../blob/blob-store.ts';
import { BuildFailure } from '../../domain/failure.ts';
import type { MendixVersion } from '../../domain/mendix-version.ts';
import { chooseProjectFile } from '../../mendix-project/choose-project-file.ts';
import { readProjectFile } from '../../mendix-project/read-project-file.ts';
import type { SourceTree } from '../../repository/repository.ts';
import type { FoundSandbox } from '../../sandbox/open-sandbox.ts';
import type { SandboxLimits } from '../../sandbox/sandbox.ts';
import type { Builder, BuildJob } from '../builder.ts';
import { makeWorkspace } from '../workspace.ts';
import { openBuiltFile } from './built-file.ts';
import { checkPackage } from './check-package.ts';
import { chooseJavaHome } from './java-homes.ts';
import type { ReportProgress } from './obtain-toolchain.ts';
import { PACKAGE_FILE, runOnce } from './run-once.ts';

export interface MxbuildOptions {
  /** Gives the folder of an MxBuild. @throws BuildFailure `toolchain-missing` */
  readonly obtainToolchain: (version: MendixVersion, report: ReportProgress, signal: AbortSignal) => Promise<string>;
  /** Folders of JDKs, or that hold several. */
  readonly javaHomes: readonly string[];
  readonly findSandbox: () => Promise<FoundSandbox>;
  readonly limits: SandboxLimits;
  /** An existing folder for the workspaces. */
  readonly temporaryFolder: string;
  /** The app's setting; null where it names none. */
  readonly projectFile: string | null;
}

const READ_BYTES = 1024 * 1024;

/**
 * Builds a Mendix project with the MxBuild of its version, in a copy that is thrown away: MxBuild writes into the
 * project.
 */
export function mxbuildBuilder(options: MxbuildOptions): Builder {
  return {
    name: 'mxbuild',
    async build(job) {
      job.signal.throwIfAborted();
      const project = findProject(job.tree, options.projectFile);
      const workspace = await makeWorkspace(job.tree, options.temporaryFolder, job.signal);
      try {
        return await buildIn(options, job, workspace.room, project);
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

async function buildIn(options: MxbuildOptions, job: BuildJob, room: string, project: string) {
  const { log, facts, output, signal } = job;
  const say = (text: string) => log.line(`mxbuild: ${text}`);
  const { mendixVersion } = await readProjectFile(join(room, 'workspace', project), project);
  say(`${project} is of Mendix ${mendixVersion}`);
  const toolchain = await options.obtainToolchain(mendixVersion, say, signal);
  const java = await chooseJavaHome(mendixVersion, options.javaHomes);
  say(`building with Java ${java.major} in ${java.folder}`);
  const found = await options.findSandbox();
  if ('missing' in found) throw new BuildFailure('no-sandbox', found.missing);
  await runOnce({ sandbox: found.sandbox, limits: options.limits }, job, {
    room,
    project,
    mendixVersion,
    toolchain,
    javaHome: java.folder,
  });
  await takePackage(join(room, 'tmp', PACKAGE_FILE), output, {
    RuntimeVersion: mendixVersion,
    ModelVersion: facts.version,
  });
  return { mendixVersion };
}

/** What was looked at is what is stored: one and the same open file. */
async function takePackage(
  path: string,
  output: BlobWriter,
  expected: { readonly RuntimeVersion: string; readonly ModelVersion: string },
): Promise<void> {
  const file = await openBuiltFile(path);
  if (file === undefined) throw new BuildFailure('builder-failed', 'MxBuild ended well and left no package.');
  try {
    await checkPackage(file, expected);
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    for (let position = 0; ; ) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      await output.write(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
