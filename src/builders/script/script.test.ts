import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildPackage } from '../../../test/support/build-package.ts';
import { type MadeFile, memorySourceTree } from '../../../test/support/memory-source-tree.ts';
import { readZip } from '../../../test/support/read-zip.ts';
import { openScriptBuilder } from '../../../test/support/script-builder.ts';
import type { Builder } from '../builder.ts';

function treeOf(build: unknown, files: readonly MadeFile[] = []) {
  return memorySourceTree([{ path: 'slipway.yml', content: JSON.stringify({ build }) }, ...files]);
}

async function namesIn(bytes: Buffer): Promise<readonly string[]> {
  return (await readZip(bytes)).map(({ name }) => name);
}

test('steps run in their order, and the log has their names, output and exit codes', async (t) => {
  const { builder } = await openScriptBuilder(t);
  const run = [{ name: 'first', run: 'echo one > file; echo "says $GREETING"' }, { run: 'cat file' }];
  const { lines } = await buildPackage(builder, treeOf({ run, package: 'file', environment: { GREETING: 'hello' } }));
  assert.deepEqual(lines.slice(1), [
    "script: step 1 of 2, 'first'",
    'says hello',
    "script: step 'first' ended with exit code 0",
    "script: step 2 of 2, 'step 2'",
    'one',
    "script: step 'step 2' ended with exit code 0",
    "script: the package holds the file 'file' as it is, 4 bytes",
  ]);
});

test('a step that fails ends the build, named with its exit code, and so does a command in the middle', async (t) => {
  const { builder, temporary } = await openScriptBuilder(t);
  const run = [{ name: 'compile', run: 'echo begun; (exit 7); echo not reached' }, { run: 'touch never' }];
  const failing = buildPackage(builder, treeOf({ run, package: '.' }));
  await assert.rejects(failing, {
    code: 'step-failed',
    message: "The step 'compile' of slipway.yml ended with exit code 7.",
  });
  assert.deepEqual(await readdir(temporary), []);
});

test('a build that takes longer than its timeout fails, whichever step it is in', async (t) => {
  const { builder } = await openScriptBuilder(t);
  const run = [{ run: 'sleep 0.9' }, { name: 'slow', run: 'sleep 60' }];
  const slow = buildPackage(builder, treeOf({ run, package: '.', timeout: '1s' }));
  // On a busy machine the first step may be the one that is too slow.
  const message = /^The step '(?:step 1|slow)' of slipway\.yml took longer than its 'timeout' allows\.$/;
  await assert.rejects(slow, { code: 'time-limit', message });
});

test('secrets are in the environment and not in the log, as they are, encoded or wrapped', async (t) => {
  const { builder } = await openScriptBuilder(t);
  const secret = 'hunter2 and a half, long enough to be wrapped more than once, or so one hopes for the sake of this';
  const run = `[ "\${#TOKEN}" = ${secret.length} ] || exit 9; echo "it is $TOKEN!"; printf '%s' "$TOKEN" | base64
    printf 'user:%s' "$TOKEN" | base64; printf '%s' "$TOKEN" | fold -w 20; echo
    printf '%s' "$TOKEN" | head -c 50; sleep 0.1; printf '%s' "$TOKEN" | tail -c +51; touch out`;
  const tree = treeOf({ run: `${run}; echo x > out`, package: 'out' });
  const { lines } = await buildPackage(builder, tree, { secrets: { TOKEN: secret } });
  const text = lines.join('');
  assert.ok(text.includes('it is ***!'), text);
  for (let at = 0; at + 6 <= secret.length; at++) assert.ok(!text.includes(secret.slice(at, at + 6)), text);
  for (const [before, at] of [
    ['', 4],
    ['user:', 12],
  ] as const) {
    const encoded = Buffer.from(before + secret).toString('base64');
    assert.ok(!text.includes(encoded.slice(at, at + 8)), text);
  }
});

test('no secret is in the reason of a failure, or in what is said of the package', async (t) => {
  const { builder } = await openScriptBuilder(t);
  const secrets = { TOKEN: 'hunter2 and a half' };
  const leading = treeOf({ run: 'mkdir out; ln -s "/$TOKEN" out/link', package: 'out' });
  await assert.rejects(buildPackage(builder, leading, { secrets }), {
    code: 'package-unusable',
    message: /leads out of the package, to '\/\*\*\*'/,
  });
  const named = await buildPackage(builder, treeOf({ run: 'echo x > "$TOKEN.zip"', package: '*.zip' }), { secrets });
  assert.ok(!named.lines.join('\n').includes('hunter2'), named.lines.join('\n'));
});

test('a package is a folder, a file as it is, or what matches patterns', async (t) => {
  const { builder } = await openScriptBuilder(t);
  const run = 'mkdir -p dist/deep other; echo a > dist/a.txt; echo b > dist/deep/b.jar; echo c > other/c.txt';
  const build = async (wanted: unknown) => (await buildPackage(builder, treeOf({ run, package: wanted }))).bytes;
  const metadata = 'slipway/metadata.json';
  assert.deepEqual(await namesIn(await build('dist')), ['a.txt', 'deep/b.jar', metadata]);
  assert.deepEqual(await namesIn(await build('dist/**/*.jar')), ['dist/deep/b.jar', metadata]);
  assert.deepEqual(await namesIn(await build(['other', 'dist/*.txt'])), ['dist/a.txt', 'other/c.txt', metadata]);
  assert.equal(String(await build('other/c.txt')), 'c\n');
  for (const wanted of ['nothing', 'none/*.zip', 'a/b']) {
    await assert.rejects(build(wanted), { code: 'package-unusable' });
  }
});

test('folders that hold nothing are in the workspace and in the package', async (t) => {
  const { builder } = await openScriptBuilder(t);
  const tree = treeOf({ run: 'mkdir -p dist/tmp/cache && mv logs dist && echo a > dist/a', package: ['dist/**'] });
  const { bytes } = await buildPackage(builder, { ...tree, emptyFolders: ['logs'] });
  assert.deepEqual(await namesIn(bytes), ['dist/a', 'dist/logs/', 'dist/tmp/cache/', 'slipway/metadata.json']);
});

test('a package that cannot be one fails with a reason', async (t) => {
  const { builder } = await openScriptBuilder(t);
  const deep = 'mkdir out; perl -e \'for (1..30) { mkdir $name = "x" x 200; chdir $name }\'';
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    ['true', 'x'.repeat(300), /is not there/],
    ['mkfifo out', 'out', /is no file/],
    ['mknod out c 0 0', 'out', /is no file/],
    [deep, '.', /lie too deep/],
    ['echo x > out', '{a,b}'.repeat(20), /too many patterns/],
  ];
  for (const [run, wanted, message] of cases) {
    const build = buildPackage(builder, treeOf({ run, package: wanted }));
    await assert.rejects(build, { code: 'package-unusable', message });
  }
});

test('a cache of another user, such as that of a container, is thrown away', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can give files to others');
  const { builder, folder } = await openScriptBuilder(t);
  const build = async (run: string) =>
    String((await buildPackage(builder, treeOf({ run, package: 'out', cache: ['cache'] }))).bytes);
  const run = 'mkdir -p cache; echo x >> cache/file; cp cache/file out';
  assert.deepEqual([await build(run), await build(run)], ['x\n', 'x\nx\n']);
  execFileSync('chown', ['--recursive', '61000:61000', join(folder, 'caches')]);
  assert.deepEqual([await build(run), await build(run)], ['x\n', 'x\nx\n']);
});

test('a cache that cannot be kept is a line in the log, and the package is made', async (t) => {
  const { builder, folder } = await openScriptBuilder(t);
  await writeFile(join(folder, 'caches'), 'in the way');
  const tree = treeOf({ run: 'mkdir cache; echo x > out', package: 'out', cache: ['cache'] });
  const { bytes, lines } = await buildPackage(builder, tree);
  assert.equal(String(bytes), 'x\n');
  assert.match(lines.join('\n'), /the caches were not kept for the next build \(E\w+\)/);
});

test('a cache is kept for the next build of the same app and branch, and for nobody else', async (t) => {
  const { builder } = await openScriptBuilder(t);
  const run = 'mkdir -p deep/cache; echo x >> deep/cache/count; cp deep/cache/count count';
  const build = async (facts: { appKey?: string; branch?: string } = {}) =>
    String((await buildPackage(builder, treeOf({ run, package: 'count', cache: ['deep/cache'] }), { facts })).bytes);
  assert.equal(await build(), 'x\n');
  assert.equal(await build(), 'x\nx\n');
  assert.equal(await build({ appKey: 'app-2' }), 'x\n');
  assert.equal(await build({ branch: 'feature' }), 'x\n');
  assert.equal(await build(), 'x\nx\nx\n');
});

test('a cache outlives builds that fail, and is lost with one that is cut off', async (t) => {
  const { builder } = await openScriptBuilder(t);
  const build = (run: string, timeout?: string) =>
    buildPackage(builder, treeOf({ run, package: 'out', cache: ['cache'], ...(timeout && { timeout }) }));
  await build('mkdir cache; echo kept > cache/file; echo x > out');
  await assert.rejects(build('[ -e cache/file ]; exit 3'), { code: 'step-failed', message: /exit code 3/ });
  await assert.rejects(build('[ -e cache/file ]'), { code: 'package-unusable' });
  await build('cp cache/file out');
  await assert.rejects(build('sleep 60', '1s'), { code: 'time-limit' });
  await build('! [ -e cache ]; echo x > out');
});

test('a cache that is too large, a link or in the source already is not kept and not taken', async (t) => {
  const { builder, folder } = await openScriptBuilder(t);
  const build = (run: string, files: readonly MadeFile[] = []) =>
    buildPackage(builder, treeOf({ run: `${run}; echo x > out`, package: 'out', cache: ['cache'] }, files));
  await build('mkdir cache; head -c 20000000 /dev/zero > cache/large');
  await build('! [ -e cache ]; ln -s /etc cache');
  await build('! [ -e cache ]; mkdir real; ln -s real cache');
  await build('! [ -e cache ]; mkdir cache; echo kept > cache/file');
  await build('[ -e cache/of-the-source ] && ! [ -e cache/file ]', [{ path: 'cache/of-the-source', content: 'x' }]);
  assert.ok((await readdir(`${folder}/caches`)).length <= 1);
});

test('a branch that was built least recently makes room for the caches of others', async (t) => {
  const { builder } = await openScriptBuilder(t);
  const build = (branch: string, run: string) =>
    buildPackage(builder, treeOf({ run: `${run}; echo x > out`, package: 'out', cache: ['cache'] }), {
      facts: { branch },
    });
  const fill = 'mkdir -p cache; head -c 7000000 /dev/zero > cache/file';
  for (const branch of ['one', 'two', 'three']) await build(branch, fill);
  await build('one', '! [ -e cache ]');
  await build('three', '[ -e cache/file ]');
});

test('a builder without a sandbox says what is missing, before anything runs', async (t) => {
  const { builder, temporary } = await openScriptBuilder(t, {
    findSandbox: async () => ({ missing: "'bwrap' is not found." }),
  });
  const build = (one: Builder) => buildPackage(one, treeOf({ run: 'true', package: '.' }));
  await assert.rejects(build(builder), { code: 'no-sandbox', message: "'bwrap' is not found." });
  assert.deepEqual(await readdir(temporary), []);
});

test('an image needs the container sandbox, and is refused elsewhere', async (t) => {
  const { builder, temporary } = await openScriptBuilder(t);
  const named = buildPackage(builder, treeOf({ run: 'true', package: '.', image: 'node:24' }));
  await assert.rejects(named, { code: 'build-file', message: /'bubblewrap'.*SLIPWAY_SANDBOX=container/ });
  assert.deepEqual(await readdir(temporary), []);
});

test('files of the source are written with their modes and links, and nothing is written through a link', async (t) => {
  const { builder } = await openScriptBuilder(t);
  const files: readonly MadeFile[] = [
    { path: 'bin/run.sh', mode: 'executable', content: '#!/bin/sh\necho ran > out\n' },
    { path: 'current', mode: 'symlink', content: 'bin/run.sh' },
    { path: 'away', mode: 'symlink', content: '/etc' },
  ];
  const tree = treeOf(
    { run: '! [ -x slipway.yml ] && [ "$(readlink away)" = /etc ] && ./current', package: 'out' },
    files,
  );
  assert.equal(String((await buildPackage(builder, tree)).bytes), 'ran\n');
  const clash = treeOf({ run: 'true', package: 'out' }, [...files, { path: 'away/cron.d', content: 'x' }]);
  await assert.rejects(buildPackage(builder, clash), { code: 'source-unreadable' });
  const leaving = treeOf({ run: 'true', package: 'out' }, [{ path: '../out', content: 'x' }]);
  await assert.rejects(buildPackage(builder, leaving), { code: 'source-unreadable' });
});
