import type { Command } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { addRemoteCommands, createProgram } from '../cli/program.ts';
import { addAdminKeyCommand } from './admin-key.ts';
import { addBackupCommand } from './backup-command.ts';
import { addDemoCommand } from './demo.ts';
import { addDoctorCommand } from './doctor.ts';
import { addMigrateCommand } from './migrate-command.ts';
import { addRestoreCommand } from './restore-command.ts';
import { addSecretsCommand } from './secrets-command.ts';
import { addServeCommand } from './serve.ts';
import { addTakeOverCommand } from './take-over-command.ts';
import { addToolchainCommand } from './toolchain-command.ts';
import { addWorkerCommand } from './worker-command.ts';

/** Everything `slipway` can do: the commands of this machine, and those that call a server. */
export function assembleProgram(cli: Cli, version: string): Command {
  const program = createProgram(cli, version);
  addServeCommand(program, cli);
  addWorkerCommand(program, cli);
  addDemoCommand(program, cli);
  addDoctorCommand(program, cli);
  addAdminKeyCommand(program, cli);
  addSecretsCommand(program, cli);
  addToolchainCommand(program, cli);
  addBackupCommand(program, cli, version);
  addRestoreCommand(program, cli);
  addTakeOverCommand(program, cli);
  addMigrateCommand(program, cli);
  addRemoteCommands(program, cli);
  return program;
}
