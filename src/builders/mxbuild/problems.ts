import type { Problem } from '../../protocol/package.ts';

/** More than anybody reads; the rest is in the log. */
const MOST_PROBLEMS = 200;
const MOST_CHARACTERS = 1000;

/**
 * Reads what MxBuild found wrong with a model, as it writes it: with a byte order mark, and in service mode one level
 * deeper. What is not understood is left out.
 *
 * Source: cf-mendix-buildpack, `buildpack/core/mxbuild.py`.
 */
export function parseProblems(text: string): readonly Problem[] {
  const list = listOf(parseJson(text.replace(/^\ufeff/, '')));
  return list.slice(0, MOST_PROBLEMS).flatMap((problem) => {
    const message = textOf(problem, 'message') ?? textOf(problem, 'name');
    if (message === null) return [];
    const [location] = arrayOf(property(problem, 'locations'));
    return {
      Severity: textOf(problem, 'severity') ?? 'Error',
      Message: message,
      Document: textOf(location, 'document') ?? textOf(location, 'element'),
      Module: textOf(location, 'module'),
    };
  });
}

/** `{problems: […]}`, or the same inside of another one. */
function listOf(value: unknown): readonly unknown[] {
  const problems = property(value, 'problems');
  return Array.isArray(problems) ? problems : arrayOf(property(problems, 'problems'));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown, name: string): string | null {
  const text = property(value, name);
  return typeof text === 'string' && text.trim() !== '' ? text.trim().slice(0, MOST_CHARACTERS) : null;
}

/** One line for the log. */
export function formatProblem({ Severity, Message, Document, Module }: Problem): string {
  const place = [Module, Document].filter((part) => part !== null).join('.');
  return `${Severity}${place === '' ? '' : ` in ${place}`}: ${Message}`;
}
