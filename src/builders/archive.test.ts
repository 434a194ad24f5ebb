import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { lstat, mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildPackage } from '../../test/support/build-package.ts';
import { noise, sourceText } from '../../test/support/made-content.ts';
import { memoryBlobWriter } from '../../test/support/memory-blob-writer.ts';
import { type MadeFile, memorySourceTree } from '../../test/support/memory-source-tree.ts';
import { readZip } from '../../test/support/read-zip.ts';
import { recordingLog } from '../../test/support/recording-log.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { LIST_WITH_PYTHON, runZipTool } from '../../test/support/zip-tools.ts';
import { BuildFailure } from '../domain/failure.ts';
import { MemberCache } from '../packaging/member-cache/member-cache.ts';
import { RepositoryError } from '../repository/repository.ts';
import { archiveBuilder } from './archive.ts';

const METADATA = 'slipway/metadata.json';

const ODD_FILES: readonly MadeFile[] = [
  { path: 'App.mpr', content: sourceText(300_000, 'mpr') },
  { path: 'README.md', content: 'upper\n' },
  { path: 'empty.txt', content: '' },
  { path: 'readme.md', content: 'lower\n' },
  { path: 'run.sh', mode: 'executable', content: '#!/bin/sh\necho ok\n' },
  { path: 'theme/grüße/日本語 😀.txt', content: sourceText(5_000, 'text') },
  { path: 'theme/￿.txt', content: 'behind in UTF-16, before in bytes' },
  { path: 'theme/logo.png', content: noise(70_000, 'png') },
  { path: 'userlib/current', mode: 'symlink', content: 'lib-1.0.jar' },
  { path: 'userlib/deep', mode: 'symlink', content: `${'../'.repeat(60)}a` },
  { path: 'userlib/lib-1.0.jar', content: noise(20_000, 'jar') },
];
const MODES = { file: 0o100644, executable: 0o100755, symlink: 0o120777 } as const;

test('every file is in the package with its name, mode, time and content', async (t) => {
  const { builder } = await openArchive(t);
  const tree = memorySourceTree(ODD_FILES, Date.UTC(2024, 1, 29, 23, 59, 58));
  const members = await readZip((await buildPackage(builder, tree)).bytes);
  const expected = [...ODD_FILES, { path: METADATA, content: '' }].map(({ path }) => path);
  assert.deepEqual(
    members.map(({ name }) => name),
    expected.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
  for (const member of members) {
    assert.equal(member.modified, '2024-02-29 23:59:58');
    assert.equal(member.flags, 1 << 11);
    const made = ODD_FILES.find(({ path }) => path === member.name);
    if (made === undefined) continue;
    assert.equal(member.mode, MODES[made.mode ?? 'file'], member.name);
    assert.deepEqual(await member.content(), Buffer.from(contentOf(made)));
  }
});

test('a content that does not shrink is stored, others are deflated', async (t) => {
  const { builder } = await openArchive(t);
  const members = await readZip((await buildPackage(builder, memorySourceTree(ODD_FILES))).bytes);
  const methods = new Map(members.map(({ name, method }) => [name, method]));
  for (const name of ['theme/logo.png', 'userlib/lib-1.0.jar', 'empty.txt', 'README.md']) {
    assert.equal(methods.get(name), 0, name);
  }
  for (const name of ['App.mpr', 'theme/grüße/日本語 😀.txt']) assert.equal(methods.get(name), 8, name);
  for (const { sizeBytes, packedBytes } of members) assert.ok(packedBytes <= sizeBytes);
});

test('an empty tree gives a package with nothing but its metadata', async (t) => {
  const { builder } = await openArchive(t);
  const { bytes, lines } = await buildPackage(builder, memorySourceTree([]));
  assert.deepEqual(
    (await readZip(bytes)).map(({ name }) => name),
    [METADATA],
  );
  assert.match(lines.join('\n'), /packing 0 files/);
});

test('a folder that holds nothing is a member of its own, in its place among the others', async (t) => {
  const { builder } = await openArchive(t);
  const files = [
    { path: 'a.txt', content: 'a' },
    { path: 'z', content: 'z' },
    { path: 'ä', content: 'ä' },
  ];
  const tree = { ...memorySourceTree(files), emptyFolders: ['web/logs', 'b c', 'slipway', 'ö'] };
  const members = await readZip((await buildPackage(builder, tree)).bytes);
  const names = ['a.txt', 'b c/', 'slipway/', METADATA, 'web/logs/', 'z', 'ä', 'ö/'];
  assert.deepEqual(
    members.map(({ name }) => name),
    names,
  );
  assert.equal(members[1]?.mode, 0o040755);
  const clash = { ...memorySourceTree(files), emptyFolders: [METADATA] };
  await assert.rejects(buildPackage(builder, clash), { code: 'source-unreadable' });
});

test('the metadata has its keys in one order', async (t) => {
  const { builder } = await openArchive(t);
  const { bytes } = await buildPackage(builder, memorySourceTree([]), { facts: { description: '"ä"\n' } });
  const [metadata] = await readZip(bytes);
  const text = String(await metadata?.content());
  assert.deepEqual(Object.keys(JSON.parse(text)), ['app', 'branch', 'revision', 'version', 'description', 'builder']);
  assert.equal(JSON.parse(text).description, '"ä"\n');
  assert.ok(text.endsWith('}\n'));
});

test('a tree that has something where the metadata goes is refused by its name', async (t) => {
  const { builder } = await openArchive(t);
  for (const path of [METADATA, 'slipway', `${METADATA}/inner.txt`]) {
    const build = buildPackage(builder, memorySourceTree([{ path, content: 'x' }]));
    await assert.rejects(build, (error) => {
      assert.ok(error instanceof BuildFailure && error.code === 'source-unreadable');
      assert.ok(error.message.includes(`'${path}'`), error.message);
      return true;
    });
  }
  const beside = ['slipway-notes.txt', 'slipway/other.json', 'slipway.yml'].map((path) => ({ path, content: 'x' }));
  await buildPackage(builder, memorySourceTree(beside));
});

test('a path that is too long for a zip is refused', async (t) => {
  const { builder } = await openArchive(t);
  const longest = `a/${'ä'.repeat(32_766)}b`;
  assert.equal((await readZip((await buildPackage(builder, memorySourceTree([made(longest)]))).bytes)).length, 2);
  const build = buildPackage(builder, memorySourceTree([made(`${longest}c`)]));
  await assert.rejects(build, (error) => error instanceof BuildFailure && error.code === 'source-unreadable');
});

test('what was packed before is neither read nor packed again', async (t) => {
  const { builder } = await openArchive(t);
  const files = manyFiles('one');
  await buildPackage(builder, memorySourceTree(files));
  const changed = { path: 'b/7.java', content: sourceText(9_000, 'changed') };
  const next = memorySourceTree([...files.filter(({ path }) => path !== changed.path), changed]);
  const { bytes, lines } = await buildPackage(builder, next);
  assert.deepEqual(next.reads, [changed.path]);
  assert.match(lines.join('\n'), /219 reused from earlier builds, 1 deflated, 0 stored/);
  const { builder: fresh } = await openArchive(t);
  assert.ok(bytes.equals((await buildPackage(fresh, next)).bytes));
});

test('a renamed, moved or repeated file is reused too, and another app reuses nothing', async (t) => {
  const { builder } = await openArchive(t);
  const files = manyFiles('one');
  await buildPackage(builder, memorySourceTree(files));
  const moved = memorySourceTree(files.flatMap((file) => [file, { ...file, path: `copy/${file.path}` }]));
  await buildPackage(builder, moved);
  assert.deepEqual(moved.reads, []);
  const elsewhere = memorySourceTree(files);
  await buildPackage(builder, elsewhere, { facts: { appKey: 'app-2' } });
  assert.equal(elsewhere.reads.length, files.length);
});

test('a package reaches the output in few large writes', async (t) => {
  const { builder } = await openArchive(t);
  const { output, bytes } = await buildPackage(builder, memorySourceTree(manyFiles('one')));
  // The first one is smaller.
  assert.ok(output.writes.length <= Math.ceil(bytes.length / 2 ** 20) + 1, String(output.writes));
});

test('a repository that gives other contents than asked for fails the build', async (t) => {
  const { builder } = await openArchive(t);
  const tree = memorySourceTree([made('a', 'content of a'), made('b', 'content of b')]);
  for (const order of [
    (files: Iterable<unknown>) => [...files].reverse(),
    (files: Iterable<unknown>) => [...files].slice(1),
  ]) {
    const swapped = { ...tree, read: ((files, signal) => tree.read(order(files) as [], signal)) as typeof tree.read };
    await assert.rejects(buildPackage(builder, swapped), RepositoryError);
  }
});

test('a large content passes through a file that nobody sees, deflated or stored', async (t) => {
  const { builder, temporary } = await openArchive(t);
  const text = sourceText(1_000_000, 'large');
  const files: readonly MadeFile[] = [
    made('a.txt', 'before'),
    {
      path: 'b.mpr',
      content: inChunks(
        Array.from({ length: 20 }, () => text),
        77_777,
      ),
    },
    { path: 'c.jar', content: inChunks([noise(12_000_000, 'large')], 65_536) },
    { path: 'd.txt', content: inChunks([sourceText(100_000, 'small')], 1_000) },
  ];
  const { bytes } = await buildPackage(builder, memorySourceTree(files), {
    output: memoryBlobWriter(async () => assert.deepEqual(await readdir(temporary), [])),
  });
  const members = await readZip(bytes);
  assert.deepEqual(
    members.map(({ name, method }) => [name, method]),
    [
      ['a.txt', 0],
      ['b.mpr', 8],
      ['c.jar', 0],
      ['d.txt', 8],
      [METADATA, 8],
    ],
  );
  for (const file of files) {
    const member = members.find(({ name }) => name === file.path);
    assert.ok((await member?.content())?.equals(Buffer.from(contentOf(file))), file.path);
  }
  const { builder: other } = await openArchive(t);
  const recut = files.map((file) => ({ ...file, content: inChunks([Buffer.from(contentOf(file))], 400_001) }));
  assert.ok((await buildPackage(other, memorySourceTree(recut))).bytes.equals(bytes), 'however it is cut');
});

test('a large content is kept for the next build as well', async (t) => {
  const { builder } = await openArchive(t);
  const files = [{ path: 'c.jar', content: inChunks([noise(12_000_000, 'large')], 65_536) }];
  const { bytes } = await buildPackage(builder, memorySourceTree(files));
  const next = memorySourceTree(files);
  assert.ok((await buildPackage(builder, next)).bytes.equals(bytes));
  assert.deepEqual(next.reads, []);
});

test('memory does not grow with the size of a content', async (t) => {
  const { builder } = await openArchive(t);
  const block = sourceText(2 ** 20, 'block');
  const dense = noise(2 ** 20, 'block');
  const sizeBytes = 150 * 2 ** 20;
  const files = [block, dense].map((one, index) => ({
    path: `${index}.bin`,
    content: {
      sizeBytes,
      chunks: () =>
        Array(150)
          .keys()
          .map(() => one),
    },
  }));
  const { build } = builder;
  let packageBytes = 0;
  let peakBytes = 0;
  const startBytes = process.memoryUsage.rss();
  const write = async (chunk: Uint8Array) => {
    packageBytes += chunk.length;
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  };
  const output = { ...memoryBlobWriter(), write };
  const log = recordingLog();
  const facts = { appKey: 'a', appId: 'calc', branch: 'main', revision: '1', version: '1.0.0.1', description: '' };
  const { signal } = new AbortController();
  await build({ tree: memorySourceTree(files), facts, output, log, secrets: {}, report: {}, signal });
  assert.ok(packageBytes > sizeBytes && packageBytes < 1.6 * sizeBytes);
  assert.ok(peakBytes - startBytes < 100 * 2 ** 20, `it grew by ${(peakBytes - startBytes) / 2 ** 20} MiB`);
});

test('an abort in the middle of a large content ends it soon and leaves no file', async (t) => {
  const { builder, temporary } = await openArchive(t);
  const controller = new AbortController();
  const reason = new Error('canceled by a test');
  let given = 0;
  const chunk = sourceText(2 ** 20, 'chunk');
  const chunks = function* () {
    for (; ; given++) {
      if (given === 20) controller.abort(reason);
      yield chunk;
    }
  };
  const tree = memorySourceTree([{ path: 'endless', content: { sizeBytes: 2 ** 50, chunks } }]);
  await assert.rejects(buildPackage(builder, tree, { signal: controller.signal }), reason);
  assert.ok(given < 40, `${given} chunks were read`);
  assert.deepEqual(await readdir(temporary), []);
});

test('a package of more than 65,535 files is listed whole by every tool that is here', async (t) => {
  const { builder } = await openArchive(t);
  const files = Array.from({ length: 65_600 }, (_, at) => ({ path: `f/${at}`, content: String(at % 10) }));
  const { bytes } = await buildPackage(builder, memorySourceTree(files));
  assert.equal((await readZip(bytes)).length, files.length + 1);
  const path = await writePackage(t, bytes);
  const python = "import sys,zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))";
  for (const tool of [runZipTool('unzip', '-Z1', path), runZipTool('python3', '-c', python, path)]) {
    if (tool !== undefined) assert.equal(tool.stdout.trim().split('\n').length, files.length + 1, tool.stderr);
  }
});

test('other tools read the same files out of a package', async (t) => {
  const { builder } = await openArchive(t);
  const { bytes } = await buildPackage(builder, memorySourceTree(ODD_FILES));
  const path = await writePackage(t, bytes);
  const tested = runZipTool('unzip', '-tq', path);
  if (tested !== undefined) assert.equal(tested.status, 0, tested.stdout + tested.stderr);
  const listed = runZipTool('python3', '-c', LIST_WITH_PYTHON, path);
  if (listed !== undefined) {
    const rows = listed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const file of ODD_FILES) {
      const content = Buffer.from(contentOf(file));
      const expected = [file.path, MODES[file.mode ?? 'file'], content.length, hash('sha256', content)];
      assert.deepEqual(
        rows.find(([name]) => name === file.path),
        expected,
      );
    }
  }
  const unzipped = `${path}.unzipped`;
  if (runZipTool('unzip', '-q', path, '-d', unzipped) !== undefined) {
    assert.equal(await readlink(join(unzipped, 'userlib/current')), 'lib-1.0.jar');
    assert.equal(await readlink(join(unzipped, 'userlib/deep')), `${'../'.repeat(60)}a`);
    assert.equal((await lstat(join(unzipped, 'run.sh'))).mode & 0o111, 0o111);
    assert.equal((await lstat(join(unzipped, 'README.md'))).mode & 0o111, 0);
  }
});

async function openArchive(context: TestContext) {
  const folder = await temporaryFolder(context);
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  const cache = await MemberCache.open({ folder: join(folder, 'cache'), limitBytes: 2 ** 28 });
  return { builder: archiveBuilder({ cache, temporaryFolder: temporary }), temporary, cache };
}

async function writePackage(context: TestContext, bytes: Buffer): Promise<string> {
  const path = join(await temporaryFolder(context), 'package.zip');
  await writeFile(path, bytes);
  return path;
}

function manyFiles(seed: string): readonly MadeFile[] {
  const texts = Array.from({ length: 200 }, (_, at) => made(`b/${at}.java`, sourceText(9_000 + at, `${seed} ${at}`)));
  const images = Array.from({ length: 20 }, (_, at) => made(`theme/${at}.png`, noise(90_000, `${seed} ${at}`)));
  return [...texts, ...images];
}

function made(path: string, content: string | Uint8Array = 'x'): MadeFile {
  return { path, content };
}

function inChunks(parts: readonly Buffer[], chunkBytes: number): Exclude<MadeFile['content'], string | Uint8Array> {
  const whole = Buffer.concat(parts);
  const count = Math.ceil(whole.length / chunkBytes);
  const chunks = () =>
    Array(count)
      .keys()
      .map((at) => whole.subarray(at * chunkBytes, (at + 1) * chunkBytes));
  return { sizeBytes: whole.length, chunks };
}

function contentOf({ content }: MadeFile): Uint8Array {
  if (typeof content === 'string') return Buffer.from(content);
  return content instanceof Uint8Array ? content : Buffer.concat([...content.chunks()]);
}
