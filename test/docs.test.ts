import assert from 'node:assert/strict';
import { access, glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PAGES = ['*.md', 'docs/**/*.md'];

async function list(...patterns: readonly string[]): Promise<string[]> {
  const paths = await Array.fromAsync(glob([...patterns], { cwd: root, exclude: ['node_modules'] }));
  return paths.toSorted();
}

function read(path: string): Promise<string> {
  return readFile(join(root, path), 'utf8');
}

async function isThere(path: string): Promise<boolean> {
  return await access(join(root, path)).then(
    () => true,
    () => false,
  );
}

test('every link between the pages leads to a file, and to a heading where it names one', async () => {
  const broken: string[] = [];
  for (const page of await list(...PAGES)) {
    for (const [, target = ''] of (await read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = '', heading] = target.split('#');
      const path = file === '' ? page : join(dirname(page), file);
      const isFine = (await isThere(path)) && (heading === undefined || headingsOf(await read(path)).includes(heading));
      if (!isFine) broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

/** The names under which GitHub and others link to the headings of a page. */
function headingsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('every file and folder that the pages name is there', async () => {
  const folders = (await list('src/*/')).map((path) => path.split('/')[1] ?? '');
  const named = new RegExp(`\`((?:src|test|scripts|docs|deploy|bin|${folders.join('|')})/[\\w./-]+)\``, 'g');
  const missing: string[] = [];
  for (const page of ['ARCHITECTURE.md', 'CONTRIBUTING.md', ...(await list('docs/**/*.md'))]) {
    for (const [, path = ''] of (await read(page)).matchAll(named)) {
      if (!(await isThere(path)) && !(await isThere(join('src', path)))) missing.push(`${page}: ${path}`);
    }
  }
  assert.deepEqual(missing, []);
});

test('every npm command that the pages name is one', async () => {
  const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(await read('package.json'));
  const own = new Set(['start', 'test', 'pack', 'install', 'ci']);
  const unknown: string[] = [];
  for (const page of await list(...PAGES)) {
    for (const [line, run, name = ''] of (await read(page)).matchAll(/\bnpm (run )?([a-z]+)/g)) {
      const isCommand = run === undefined ? own.has(name) : Object.hasOwn(scripts, name);
      // "npm registry" and the like are no commands.
      if (!isCommand && (run !== undefined || (await read(page)).includes(`\`${line}`)))
        unknown.push(`${page}: ${line}`);
    }
  }
  assert.deepEqual(unknown, []);
});

test('every script of a command of npm is there', async () => {
  const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(await read('package.json'));
  const files = Object.values(scripts).map((script) => /^node (\S+)/.exec(script)?.[1] ?? script);
  for (const file of files) assert.ok(await isThere(file), file);
});

test('every slipway command that the pages name is one of docs/command-line.md', async () => {
  const reference = await read('docs/command-line.md');
  const known = [...reference.matchAll(/^## `slipway ([a-z]+(?: [a-z]+)?)/gm)].map(([, command = '']) => command);
  const groups = new Set(known.filter((command) => command.includes(' ')).map((command) => command.split(' ')[0]));
  const unknown: string[] = [];
  for (const page of await list(...PAGES)) {
    for (const [, first = '', second = ''] of (await read(page)).matchAll(/(?:^|`)slipway ([a-z]+)(?: ([a-z]+))?/gm)) {
      const command = groups.has(first) ? `${first} ${second}` : first;
      if (!known.includes(command)) unknown.push(`${page}: slipway ${command}`);
    }
  }
  assert.deepEqual(unknown, []);
});

test('every dependency has its reason on a page of docs/decisions', async () => {
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(await read('package.json'));
  const pages = (await Promise.all((await list('docs/decisions/*.md')).map(read))).join('\n');
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });
  assert.deepEqual(
    names.filter((name) => !pages.includes(`\`${name}\``)),
    [],
  );
});

test('the pages of docs/decisions are numbered without a gap and say what was decided and why', async () => {
  for (const [index, path] of (await list('docs/decisions/*.md')).entries()) {
    const number = String(index + 1).padStart(4, '0');
    assert.match(path, new RegExp(`/${number}-[a-z0-9-]+\\.md$`));
    const page = await read(path);
    assert.ok(page.startsWith(`# ${number} · `), path);
    assert.match(page, /^\*\*Decision\.\*\*/m, path);
    assert.match(page, /^\*\*Why\.\*\*/m, path);
  }
});

test('every page that a comment in the code names is there', async () => {
  const missing: string[] = [];
  for (const path of await list('{src,scripts,bin}/**/*.{ts,mjs}')) {
    const text = (await read(path)).replaceAll(/https?:\S+/g, '');
    for (const [named] of text.matchAll(/(?<![\w/.-])[\w-]+\/[\w./-]*\.md\b/g)) {
      if (!(await isThere(named))) missing.push(`${path}: ${named}`);
    }
  }
  assert.deepEqual(missing, []);
});
