import { Check, Errors } from 'typebox/value';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { BuildFailure } from '../../domain/failure.ts';
import { quote } from '../../domain/refusal.ts';
import { isImageName } from '../../sandbox/container/image-name.ts';
import { BUILD_FILE, BuildFileSchema, type BuildPlan, StepSchema, type WrittenBuildFile } from './build-file.ts';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000 } as const;
const MOST_ALIASES = 100;
/** Linux takes no argument and no variable of 128 KiB; its name counts too. */
const LONGEST_TEXT_BYTES = 100_000;

/** @throws BuildFailure `build-file` that says what is wrong, in which line and column */
export function parseBuildFile(text: string): BuildPlan {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fail = (offset: number, what: string): never => {
    const { line, col } = lines.linePos(offset);
    throw new BuildFailure('build-file', `${BUILD_FILE}, line ${line}, column ${col}: ${what}`);
  };
  const [wrong] = document.errors;
  if (wrong !== undefined) return fail(wrong.pos[0], `${wrong.message.replace(/\.?$/, '.')}`);
  const value = plainValue(document, (what) => fail(0, what));
  if (!Check(BuildFileSchema, value)) {
    const { path, what } = describeMistake(value);
    return fail(offsetOf(document, path), what);
  }
  return planOf(value.build, (path, what) => fail(offsetOf(document, ['build', ...path]), what));
}

function plainValue(document: Document, fail: (what: string) => never): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    return fail(`It cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function describeMistake(value: unknown): { path: readonly string[]; what: string } {
  const mistakes = [...Errors(BuildFileSchema, value)];
  // A key that is not known says more than what is missed because of it; the deepest mistake says most.
  const known = mistakes.find(({ keyword }) => keyword === 'additionalProperties');
  const deepest = mistakes
    .filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'boolean')
    .toSorted((a, b) => pathOf(b.instancePath).length - pathOf(a.instancePath).length)[0];
  const mistake = known ?? deepest ?? mistakes[0];
  const path = pathOf(mistake?.instancePath ?? '');
  const name = path.length === 0 ? BUILD_FILE : `'${path.join('.')}'`;
  const params: Readonly<Record<string, unknown>> = { ...mistake?.params };
  if (mistake?.keyword === 'additionalProperties') {
    const [key] = Array.isArray(params.additionalProperties) ? params.additionalProperties : [];
    return { path: [...path, String(key)], what: `${name} has no ${quote(key)}: ${allowedIn(path)}.` };
  }
  if (mistake?.keyword === 'required') {
    const [key] = Array.isArray(params.requiredProperties) ? params.requiredProperties : [];
    return { path, what: `${name} needs ${quote(key)}.` };
  }
  const kinds = mistakes.filter(({ instancePath }) => instancePath === mistake?.instancePath);
  const told = kinds.filter(({ keyword }) => keyword !== 'anyOf').map(({ message }) => message);
  return { path, what: `${name} ${shown(value, path)}${[...new Set(told)].join(', or ')}.` };
}

const KEYS = BuildFileSchema.properties.build.properties;

/** What may stand where a key is that is not known. */
function allowedIn(path: readonly string[]): string {
  if (path.length === 0) return "it holds 'build' alone";
  if (path.at(-1) === 'environment') return "names of variables have letters, digits and '_', and begin with no digit";
  return `it may have ${Object.keys(path.length === 1 ? KEYS : StepSchema.properties).join(', ')}`;
}

/** A value at a path that is a text or the like, for a sentence that goes on. */
function shown(value: unknown, path: readonly string[]): string {
  const found = path.reduce<unknown>((one, key) => (one as Record<string, unknown>)[key], value);
  return typeof found === 'object' || found === undefined ? '' : `is ${quote(found)}, and `;
}

function pathOf(pointer: string): readonly string[] {
  const parts = pointer.split('/').slice(1);
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Where a value begins, or the nearest thing around it that is there. */
function offsetOf(document: Document, path: readonly string[]): number {
  for (let length = path.length; length > 0; length--) {
    const keys = path.slice(0, length).map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    const node = document.getIn(keys, true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

type Fail = (path: readonly string[], what: string) => never;

function planOf(build: WrittenBuildFile['build'], fail: Fail): BuildPlan {
  if (build.image !== undefined && !isImageName(build.image)) {
    fail(['image'], `${quote(build.image)} is not the name of an image, such as 'node:24'.`);
  }
  const written = typeof build.run === 'string' ? [{ name: 'build', run: build.run }] : build.run;
  const paths = (key: 'package' | 'cache', given: readonly string[]) =>
    given.map((path) => cleanPath(path, (what) => fail([key], what)));
  const cache = paths('cache', build.cache ?? []);
  if (cache.includes('.')) fail(['cache'], "'cache' names folders in the workspace, and not the workspace itself.");
  checkLengths(build, fail);
  return {
    steps: written.map(({ name, run }, at) => ({ name: name ?? `step ${at + 1}`, run })),
    package: paths('package', typeof build.package === 'string' ? [build.package] : build.package),
    timeoutMs: build.timeout === undefined ? undefined : durationOf(build.timeout),
    network: build.network ?? false,
    image: build.image,
    environment: Object.fromEntries(Object.entries(build.environment ?? {}).map(([name, one]) => [name, String(one)])),
    cache,
  };
}

function checkLengths({ run, environment = {} }: WrittenBuildFile['build'], fail: Fail): void {
  const runs = typeof run === 'string' ? [run] : run.map((step) => step.run);
  const check = (text: string, path: readonly string[], what: string) => {
    if (Buffer.byteLength(text) <= LONGEST_TEXT_BYTES) return;
    fail(path, `A ${what} may have ${LONGEST_TEXT_BYTES} bytes: put it into a file of the source.`);
  };
  for (const one of runs) check(one, ['run'], 'command');
  for (const [name, one] of Object.entries(environment)) check(name + one, ['environment', name], 'variable');
}

function cleanPath(path: string, fail: (what: string) => never): string {
  const parts = path.split('/').filter((part, at) => part !== '.' && !(part === '' && at > 0));
  if (path.startsWith('/') || parts.includes('..') || path.includes('\0')) {
    return fail(`${quote(path)} is not a path in the workspace: it may not begin with '/' and may not hold '..'.`);
  }
  return parts.length === 0 ? '.' : parts.join('/');
}

function durationOf(text: string): number {
  const unit = text.at(-1);
  return Number(text.slice(0, -1)) * (unit === 's' ? UNIT_MS.s : unit === 'm' ? UNIT_MS.m : UNIT_MS.h);
}
