import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, glob, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
const EVERY_FOLDER = 'every folder';

/** The table of ARCHITECTURE.md: for each folder, which others it may import. */
let table: ReadonlyMap<string, readonly string[]>;

before(async () => {
  table = parseTable(await readFile(join(root, 'ARCHITECTURE.md'), 'utf8'));
});

function parseTable(page: string): ReadonlyMap<string, readonly string[]> {
  const section = page.split('## Who may import whom')[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => /^\| [a-z]/.test(line) && !line.startsWith('| folder'));
  return new Map(
    rows.map((row) => {
      const [, folder = '', may = ''] = row.split('|').map((cell) => cell.replaceAll('`', '').trim());
      return [folder, may === '–' ? [] : may.split(', ')];
    }),
  );
}

async function listFolders(): Promise<string[]> {
  const entries = await readdir(join(root, 'src'), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

test('every folder of src/ stands in the table', async () => {
  for (const folder of await listFolders()) assert.ok(table.has(folder), `src/${folder} is not in ARCHITECTURE.md`);
});

test('the table has no cycle: imports point one way', () => {
  const visit = (folder: string, path: readonly string[]): void => {
    assert.ok(!path.includes(folder), `${[...path, folder].join(' → ')} is a cycle`);
    for (const next of table.get(folder) ?? []) if (next !== EVERY_FOLDER) visit(next, [...path, folder]);
  };
  for (const folder of table.keys()) visit(folder, []);
});

test('every import of src/ is one the table allows', async () => {
  const wrong: string[] = [];
  for await (const path of glob('src/**/*.ts', { cwd: root })) {
    if (path.endsWith('.test.ts')) continue;
    const from = path.split('/')[1] ?? '';
    const may = table.get(from) ?? [];
    for (const to of await importedFolders(path)) {
      if (to !== from && !may.includes(to) && !may.includes(EVERY_FOLDER)) wrong.push(`${path} imports ${to}/`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('nothing but tracing/ imports OpenTelemetry', async () => {
  const wrong: string[] = [];
  for await (const path of glob('src/**/*.ts', { cwd: root })) {
    const knows = (await readFile(join(root, path), 'utf8')).includes("'@opentelemetry/");
    if (knows && !path.startsWith('src/tracing/')) wrong.push(path);
  }
  assert.deepEqual(wrong, []);
});

async function importedFolders(path: string): Promise<string[]> {
  const text = await readFile(join(root, path), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)].map((match) => match[1] ?? '');
  const targets = specifiers.map((specifier) => relative('src', join(dirname(path), specifier)));
  return targets.filter((target) => target.includes('/')).map((target) => target.split('/')[0] ?? '');
}

test('the rules of biome.jsonc allow what the table allows, and no more', async () => {
  const rules = await readRules();
  assert.deepEqual([...rules.keys()].sort(), [...table.keys()].sort());
  for (const [folder, may] of table) {
    if (!may.includes(EVERY_FOLDER)) assert.deepEqual(rules.get(folder)?.toSorted(), may.toSorted(), folder);
  }
});

/** For each folder with an override, the folders that its rule leaves out of the ban. */
async function readRules(): Promise<ReadonlyMap<string, readonly string[]>> {
  const text = (await readFile(join(root, 'biome.jsonc'), 'utf8')).replace(/^\s*\/\/.*$/gm, '');
  const { overrides }: { overrides: readonly Override[] } = parse(text);
  const rules = new Map<string, readonly string[]>();
  for (const { includes, linter } of overrides) {
    const folder = /^src\/(.+)\/\*\*$/.exec(includes[0] ?? '')?.[1];
    if (folder === undefined) continue;
    const patterns = linter.rules.style.noRestrictedImports.options.patterns;
    const groups = patterns.flatMap(({ group }) => group);
    rules.set(
      folder,
      groups.map((glob) => /^!\*\*\/(.+)\/\*\*$/.exec(glob)?.[1]).filter((name) => name !== undefined),
    );
  }
  return rules;
}

interface Override {
  readonly includes: readonly string[];
  readonly linter: {
    readonly rules: {
      readonly style: {
        readonly noRestrictedImports: {
          readonly options: { readonly patterns: readonly { readonly group: readonly string[] }[] };
        };
      };
    };
  };
}

test('the linter refuses what the rules forbid, and says why', async (context) => {
  const output = await lint(context, {
    'src/protocol/refused.ts': "import '../domain/version.ts';",
    'src/cli/refused.ts': "import '../domain/version.ts';",
    'src/domain/refused.ts': "import 'node:fs';",
    'src/database/deep/refused.ts': "import '../../queue/build-queue.ts';",
    'src/operations/refused.ts': "import '../http/server.ts';",
    'src/http/refused.ts': "import { sql } from 'kysely';\n\nexport const x = sql;",
    'src/main/refused.ts': "import 'node:child_process';",
    'src/worker/refused.ts': 'export const x = process.env;',
    'src/queue/allowed.ts': "import '../database/database.ts';",
    'src/queue/allowed.test.ts': "import '../http/server.ts';",
  });
  const flagged = [...output.matchAll(/^(src\/\S+?):\d+:\d+ lint\/style\/(?:noRestrictedImports|noProcessEnv)/gm)];
  const folders = ['cli', 'database/deep', 'domain', 'http', 'main', 'operations', 'protocol', 'worker'];
  assert.deepEqual(
    flagged.map((match) => match[1]).sort(),
    folders.map((folder) => `src/${folder}/refused.ts`),
  );
  assert.match(output, /speaks HTTP like any other client/);
});

/** Runs the linter, with the rules of this repository, over files made for it. @returns what it prints */
async function lint(context: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-lint-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  await copyFile(join(root, 'biome.jsonc'), join(folder, 'biome.jsonc'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `${text}\n`);
  }
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const { promise, resolve } = Promise.withResolvers<string>();
  const args = [biome, 'lint', '--colors=off', '--vcs-enabled=false', '--max-diagnostics=none'];
  execFile(process.execPath, args, { cwd: folder }, (_error, stdout, stderr) => resolve(stdout + stderr));
  return await promise;
}
