import Table from 'cli-table3';
import type { Cli } from './cli.ts';
import { formatRelative, formatTime } from './human-text.ts';
import { printable } from './printable.ts';

const NO_BORDERS = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left']
    .concat(['left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((name) => [name, '']),
);

/** Prints the same data to programs (`--json`, the wire format, stable) or to people. */
export function print(cli: Cli, options: { readonly json?: boolean }, data: unknown, text: () => string): void {
  const output = options.json === true ? JSON.stringify(data, undefined, 2) : text();
  if (output !== '') cli.stdout.write(`${output}\n`);
}

/** Columns side by side under their names; `empty` where there are no rows. */
export function formatTable(names: readonly string[], rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return empty;
  const table = new Table({
    head: names.map((name) => name.toUpperCase()),
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 3 },
  });
  table.push(...rows.map((row) => row.map(printable)));
  return trimLines(table.toString());
}

/** One `name  value` per line; what is undefined is left out. */
export function formatFields(fields: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
  const width = Math.max(...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(width)}   ${printable(value)}`.trimEnd()).join('\n');
}

/** `2026-11-24 14:05:09 (3 minutes ago)` */
export function formatMoment(cli: Cli, at: number): string {
  return `${formatTime(at)} (${formatRelative(at, cli.now())})`;
}

function trimLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
