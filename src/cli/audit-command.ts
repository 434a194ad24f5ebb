import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { formatTime } from './human-text.ts';
import { formatTable, print } from './output.ts';
import { parseCount } from './quantities.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

/** `slipway audit list` */
export function addAuditCommand(program: Command, cli: Cli): void {
  const audit = program.command('audit').description('who did what to which app, package, key and right');
  remoteCommand(audit, 'list', 'list what was done, newest first')
    .option('--limit <number>', 'how many at most', parseCount, 50)
    .action((options: RemoteOptions & { readonly limit: number }) => listAudit(cli, options));
}

async function listAudit(cli: Cli, options: RemoteOptions & { readonly limit: number }): Promise<void> {
  const entries = await (await openClient(cli, options)).listAudit(options.limit);
  print(cli, options, entries, () =>
    formatTable(
      ['time', 'who', 'did', 'to', 'detail'],
      entries.map((entry) => [formatTime(entry.Date), entry.Login, entry.Action, entry.Subject, entry.Detail]),
      'Nothing has been done yet.',
    ),
  );
}
