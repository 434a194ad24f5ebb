import type { Command } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { print } from '../cli/output.ts';
import { checkBlobStore } from './check-blob-store.ts';
import { checkConfiguration, checkDataFolder, checkDiskSpace, checkPort } from './check-configuration.ts';
import { checkMxbuild } from './check-mxbuild.ts';
import { checkGit, checkGitLfs, checkNode, checkSvn } from './check-programs.ts';
import { checkSandbox } from './check-sandbox.ts';
import { checkServer } from './check-server.ts';
import type { Configuration } from './configuration.ts';
import { containerSettings } from './container-settings.ts';
import { engineVariables } from './engine-variables.ts';
import type { Finding } from './finding.ts';
import { addServeOptions, type ServeOptions } from './serve-options.ts';

interface DoctorOptions extends ServeOptions {
  readonly verify?: boolean;
}

/** `slipway doctor`: looks at this machine and says what is missing and how to get it. It changes nothing. */
export function addDoctorCommand(program: Command, cli: Cli): void {
  addServeOptions(program.command('doctor').description('say what is missing on this machine and how to get it'))
    .option('--verify', 'also read every stored package and compare its size and SHA-256')
    .action((options: DoctorOptions) => examine(cli, options));
}

async function examine(cli: Cli, { verify, ...options }: DoctorOptions): Promise<void> {
  const { finding, configuration } = await checkConfiguration(cli, options);
  const path = cli.variables.PATH ?? '';
  const findings: Finding[] = [
    checkNode(process.versions.node),
    ...(await Promise.all([checkGit(path), checkGitLfs(path), checkSvn(path)])),
    finding,
    await checkServer(cli),
  ];
  if (configuration !== undefined) {
    const { dataFolder, sandbox } = configuration;
    const containers = await containerSettings(configuration, engineVariables(cli.variables));
    findings.push(...(await checkSandbox(sandbox, path, containers)));
    findings.push(...(await checkMxbuild(configuration, path)));
    findings.push(
      ...(await Promise.all([checkDataFolder(dataFolder), checkDiskSpace(dataFolder), checkPort(configuration)])),
    );
    const stores = [await checkStoredRows(configuration), ...(await checkBlobStore(configuration))];
    findings.push(...stores);
    const isReadable = stores.every(({ state }) => state !== 'missing');
    if (verify === true && isReadable) findings.push(...(await verifyStored(configuration, cli.signal)));
  }
  print(cli, options, findings, () => findings.map(describeFinding).join('\n'));
  const missing = findings.filter(({ state }) => state === 'missing');
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new CommandFailure('checkFailed', 'DOCTOR', `Slipway cannot work well here: see ${names}.`);
}

/** Loaded only now: other commands start sooner without a database. */
async function checkStoredRows(configuration: Configuration): Promise<Finding> {
  const { checkDatabase } = await import('./check-database.ts');
  return await checkDatabase(configuration);
}

async function verifyStored(configuration: Configuration, signal: AbortSignal): Promise<Finding[]> {
  const { verifyStoredPackages } = await import('./verify-stored-packages.ts');
  return await verifyStoredPackages(configuration, signal);
}

const MARKS = { ok: '✔', note: '·', missing: '✖' } as const;

function describeFinding({ state, name, found, advice }: Finding): string {
  return `${MARKS[state]} ${name.padEnd(14)} ${found}${advice === undefined ? '' : `\n${' '.repeat(17)}${advice}`}`;
}
