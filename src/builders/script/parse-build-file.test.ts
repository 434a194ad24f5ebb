import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { buildFileSchemaPage } from './build-file.ts';
import { parseBuildFile } from './parse-build-file.ts';

test('everything that the file may say is read', () => {
  const plan = parseBuildFile(`
build:
  run:
    - name: install
      run: npm ci
    - run: npm run build
  package: ./dist/
  timeout: 20m
  network: true
  image: node:24
  environment: { NODE_ENV: production, LEVEL: 3 }
  cache: [.npm, deep/cache/]
`);
  assert.deepEqual(plan, {
    steps: [
      { name: 'install', run: 'npm ci' },
      { name: 'step 2', run: 'npm run build' },
    ],
    package: ['dist'],
    timeoutMs: 1_200_000,
    network: true,
    image: 'node:24',
    environment: { NODE_ENV: 'production', LEVEL: '3' },
    cache: ['.npm', 'deep/cache'],
  });
  const short = parseBuildFile('build: { run: make, package: [out/*.jar, .] }');
  assert.deepEqual(short.steps, [{ name: 'build', run: 'make' }]);
  assert.deepEqual(short.package, ['out/*.jar', '.']);
  assert.equal(short.network, false);
});

test('a timeout is in seconds, minutes or hours', () => {
  for (const [timeout, timeoutMs] of Object.entries({ '90s': 90_000, '5m': 300_000, '2h': 7_200_000 })) {
    assert.equal(
      parseBuildFile(`build: { run: make, package: out, timeout: ${timeout} }`).timeoutMs,
      timeoutMs,
      timeout,
    );
  }
});

test('a mistake is named with its line and column', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /line 1, column 1: slipway\.yml must be object/],
    ['build:\n  run: make', /line 2, column 3: 'build' needs 'package'/],
    [
      'build:\n  run: make\n  package: dist\n  nework: true',
      /line 4, column 11: 'build' has no 'nework': it may have run, package, timeout, network, environment, cache, image\.$/,
    ],
    ['build:\n  run: [{ runs: make }]\n  package: dist', /column 17: 'build\.run\.0' has no 'runs': .* name, run\.$/],
    ['build: {}\nsteps: []', /line 2, column 8: slipway\.yml has no 'steps': it holds 'build' alone/],
    [
      'build:\n  run: 3\n  package: dist',
      /line 2, column 8: 'build\.run' is '3', and must be string, or must be array/,
    ],
    [
      'build:\n  run: make\n  package: dist\n  timeout: soon',
      /line 4, column 12: 'build\.timeout' is 'soon', and must/,
    ],
    ['build:\n  run: make\n  package: ../other', /line 3, column 12: '\.\.\/other' is not a path/],
    ['build:\n  run: make\n  package: /etc', /line 3, column 12: '\/etc' is not a path/],
    ['build:\n  run: make\n  package: dist\n  cache: [a/../../b]', /line 4, column 10: 'a\/\.\.\/\.\.\/b' is not/],
    [
      'build:\n  run: make\n  package: dist\n  image: oci:folder',
      /line 4, column 10: 'oci:folder' is not the name of an image/,
    ],
    ['build:\n  run: "a\\0b"\n  package: dist', /line 2, column 8: 'build\.run' is 'a b', and must match pattern/],
    [
      'build:\n  run: make\n  package: dist\n  environment:\n    A: "a\\0--bind"',
      /line 5, column 8: 'build\.environment\.A' is 'a --bind', and must match pattern/,
    ],
    ...['A-B', '1A', '', 'A=B', '"A\\0B"'].map(
      (name) =>
        [
          `build:\n  run: make\n  package: dist\n  environment:\n    ${name || '""'}: { any: value }`,
          /line 5, column \d+: 'build\.environment' has no '.*': names of variables have letters/,
        ] as const,
    ),
    [`build:\n  run: "${'ä'.repeat(50_001)}"\n  package: dist`, /line 2, column 8: A command may have 100000 bytes/],
    [
      `build:\n  run: make\n  package: dist\n  environment:\n    A: ${'x'.repeat(100_000)}`,
      /line 5, column 8: A variable may have 100000 bytes: put it into a file/,
    ],
    ['build:\n  run: [unclosed', /line 2, column \d+: /],
    ['build:\n\trun: make', /line 2, column 1: /],
  ];
  for (const [text, expected] of cases) {
    assert.throws(() => parseBuildFile(text), { code: 'build-file', message: expected }, text);
  }
});

test('docs/slipway.schema.json is the schema; `npm run fix` writes it', async () => {
  const page = await readFile(new URL('../../../docs/slipway.schema.json', import.meta.url), 'utf8');
  assert.equal(page, buildFileSchemaPage());
});
