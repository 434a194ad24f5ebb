import { type Goal, isReached, type Row, ratioOf } from './row.ts';

const COLUMNS = ['measure', 'measured', 'reference', 'ratio', 'goal', 'reached'] as const;

/** The rows as a table in Markdown, which can be read on a terminal as well. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map(formatRow);
  const widths = COLUMNS.map((title, at) => Math.max(title.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(COLUMNS), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

/** The cells of one row: its title, figure, reference, ratio, goal, and whether it was reached. */
export function formatRow(row: Row): readonly string[] {
  const { title, unit, figure, reference, goal } = row;
  const ratio = ratioOf(row);
  return [
    title,
    formatFigure(figure, unit),
    reference === undefined ? '–' : `${reference.title}: ${formatFigure(reference.figure, unit)}`,
    ratio === undefined || !Number.isFinite(ratio) ? '–' : `${ratio.toFixed(ratio < 0.2 ? 3 : 2)} ×`,
    goal === undefined ? '–' : formatGoal(goal, unit),
    REACHED[String(isReached(row))] ?? '–',
  ];
}

const REACHED: Readonly<Record<string, string>> = { true: 'yes', false: 'no' };

function formatFigure(figure: number, unit: Row['unit']): string {
  const digits = figure < 100 && !Number.isInteger(figure) ? 1 : 0;
  const text = figure.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit === '/s' ? `${text}/s` : `${text} ${unit}`;
}

function formatGoal({ of, is, value }: Goal, unit: Row['unit']): string {
  return `${is === 'at most' ? '≤' : '≥'} ${of === 'ratio' ? `${value} ×` : formatFigure(value, unit)}`;
}
