import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ContainerSettings } from '../../src/sandbox/open-sandbox.ts';
import { temporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);

/** A podman that keeps everything in a folder of the test's own, and has an image, and one that is empty. */
export interface TestEngine {
  readonly settings: ContainerSettings & { readonly image: string };
  /** Runs a command of podman, and gives what it wrote. */
  podman(...argv: readonly string[]): Promise<string>;
}

const IMAGE = 'localhost/slipway-test:1';

/**
 * The image holds busybox from this machine, a volume `/volume` and a variable; no registry is asked.
 *
 * @returns why not, where podman cannot run a container here
 */
export async function openTestEngine(test: { after(work: () => unknown): void }): Promise<TestEngine | string> {
  const folder = await temporaryFolder(test);
  const environment = await configure(folder);
  const podman = async (...argv: readonly string[]) => (await run('podman', argv, { env: environment })).stdout;
  try {
    await makeImage(folder, podman);
    await podman('run', '--rm', '--network=none', '--entrypoint=true', IMAGE);
  } catch (error) {
    return `podman cannot run a container here: ${error instanceof Error ? error.message : String(error)}`;
  }
  test.after(() => podman('rm', '--all', '--force', '--time=0'));
  const settings = { program: undefined, image: IMAGE, network: undefined, pull: 'never', owner: 'test', environment };
  return { settings: { ...settings, pull: 'never' }, podman };
}

/** What podman is told through its own files: nothing of this is said by Slipway. */
async function configure(folder: string): Promise<Record<string, string>> {
  const lines = (...words: readonly string[]) => `${words.join('\n')}\n`;
  const quote = (...parts: readonly string[]) => JSON.stringify(join(folder, ...parts));
  await writeFile(
    join(folder, 'storage.conf'),
    lines('[storage]', 'driver = "vfs"', `graphroot = ${quote('root')}`, `runroot = ${quote('run')}`),
  );
  await writeFile(
    join(folder, 'containers.conf'),
    lines(
      ...['[containers]', 'default_ulimits = []', '[engine]', 'cgroup_manager = "cgroupfs"', 'events_logger = "none"'],
      ...['runtime = "runc"', `tmp_dir = ${quote('tmp')}`, '[network]', `network_config_dir = ${quote('net')}`],
    ),
  );
  return {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    CONTAINERS_CONF: join(folder, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
  };
}

async function makeImage(folder: string, podman: TestEngine['podman']): Promise<void> {
  const tree = join(folder, 'tree');
  for (const name of ['bin', 'usr/bin', 'etc', 'volume']) await mkdir(join(tree, name), { recursive: true });
  await chmod(join(tree, 'volume'), 0o777);
  await writeFile(join(tree, 'volume/of-the-image'), '');
  await copyFile('/bin/busybox', join(tree, 'bin/busybox'));
  const { stdout } = await run('/bin/busybox', ['--list']);
  for (const name of stdout.split('\n').filter((one) => one !== '' && one !== 'busybox')) {
    await symlink('busybox', join(tree, 'bin', name));
  }
  await run('tar', ['-C', tree, '-cf', join(folder, 'image.tar'), '.']);
  const changes = ['VOLUME /volume', 'ENV OF_THE_IMAGE=yes', 'ENV PATH=/usr/bin:/bin', 'ENTRYPOINT ["/bin/false"]'];
  await run('tar', ['-C', join(tree, 'etc'), '-cf', join(folder, 'empty.tar'), '.']);
  await podman('import', '--quiet', join(folder, 'empty.tar'), 'localhost/empty:1');
  await podman('import', '--quiet', ...changes.flatMap((one) => ['--change', one]), join(folder, 'image.tar'), IMAGE);
}
