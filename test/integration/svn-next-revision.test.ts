import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { contents, signal } from '../contract/repository.ts';
import { recordingPath } from '../support/recording-path.ts';
import { encode, type SvnTestRepository } from '../support/svn.ts';
import { assertAsExported } from '../support/svn-export.ts';
import { makeSvnLab } from '../support/svn-lab.ts';

const KEYWORDS = { 'svn:keywords': 'Id Revision Date Author HeadURL' };
const KEYWORD = '$Id$ $Revision$ $Date$ $Author$ $HeadURL$\n';

async function setUp(context: TestContext) {
  const lab = await makeSvnLab(context);
  const record = join(lab.folder, 'record');
  const repository = lab.open(lab.remote.url, undefined, { path: await recordingPath(lab.folder, record) });
  let count = 0;
  const check = (revision: string) =>
    assertAsExported(repository, lab.remote, revision, join(lab.folder, `export-${count++}`));
  return { ...lab, record, repository, check };
}

test('keywords follow a revision that leaves the content as it was, of which svn says nothing', async (context) => {
  const { remote, check } = await setUp(context);
  const files = { kept: { properties: KEYWORDS, content: KEYWORD }, plain: 'plain\n' };
  const first = await remote.commit('trunk', files);
  await remote.commit('trunk', { kept: `${KEYWORD}more\n` });
  const third = await remote.commit('trunk', { kept: KEYWORD });
  const fourth = await remote.commit('trunk', { 'new/kept': { properties: KEYWORDS, content: KEYWORD } });
  await remote.commit('trunk', { 'new/kept': `${KEYWORD}more\n`, kept: `${KEYWORD}more\n` });
  const sixth = await remote.commit('trunk', { 'new/kept': KEYWORD, kept: KEYWORD });
  for (const revision of [first, third, fourth, sixth, first]) await check(revision);
});

test('properties alone, folders that are replaced, and files that become folders, come out as they are', async (context) => {
  const { remote, check } = await setUp(context);
  const revisions = [
    await remote.commit('trunk', {
      'a.txt': KEYWORD,
      run: '#!/bin/sh\n',
      link: 'link a.txt',
      'd/x': 'x',
      'd/deep/y': 'y',
      'e/z': 'z',
    }),
    await remote.mucc(['propset', 'svn:keywords', 'Id', 'trunk/a.txt', 'propset', 'svn:executable', '*', 'trunk/run']),
    await remote.mucc(['propset', 'svn:special', '*', 'trunk/link', 'propset', 'svn:eol-style', 'CRLF', 'trunk/a.txt']),
    await remote.mucc(['rm', 'trunk/d', 'cp', 'HEAD', 'trunk/e', 'trunk/d', 'propset', 'any', 'thing', 'trunk']),
    await remote.mucc(['rm', 'trunk/a.txt', 'cp', 'HEAD', 'trunk/e', 'trunk/a.txt']),
    await remote.mucc(['propdel', 'svn:special', 'trunk/link', 'propdel', 'svn:executable', 'trunk/run']),
    await remote.mucc(['rm', 'trunk/a.txt', 'cp', '2', 'trunk/a.txt', 'trunk/a.txt', 'rm', 'trunk/e']),
    await remote.mucc(['propset', 'svn:externals', '^/trunk/d taken', 'trunk']),
    await remote.mucc(['propset', 'svn:externals', '^/trunk/d@1 taken', 'trunk']),
    await remote.mucc(['propdel', 'svn:externals', 'trunk']),
  ];
  for (const revision of [...revisions, ...revisions.toReversed()]) await check(revision);
});

test('a history drawn by chance is what svn export gives, forwards and by leaps', async (context) => {
  const { remote, check } = await setUp(context);
  const revisions = await drawHistory(remote, 9);
  const leaps = revisions.map((_, at) => revisions[(at * 5) % revisions.length] ?? '');
  for (const revision of [...revisions, ...leaps]) await check(revision);
});

test('the next revision looks at what changed, and at no other file', async (context) => {
  const { remote, repository, record, mirrorsFolder } = await setUp(context);
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`d/${at}`, `content ${at}`]));
  const first = await remote.commit('trunk', files);
  const second = await remote.commit('trunk', { 'd/3': 'changed' });
  await (await repository.openTree(first, signal())).close();
  const [folder = ''] = /\S+\/wc(?=@?$)/m.exec(await readFile(record, 'utf8')) ?? [];
  assert.ok(folder.startsWith(mirrorsFolder));
  // Nobody does this; whoever looked at every file would see it.
  await writeFile(join(folder, 'd/unknown'), 'unknown');
  await writeFile(record, '');
  const tree = await repository.openTree(second, signal());
  assert.deepEqual(await contents(tree), { ...files, 'd/3': 'changed' });
  const recorded = await readFile(record, 'utf8');
  assert.ok(recorded.includes('update') && !recorded.includes('--recursive'));
});

/** Makes revisions that add, change, delete and replace, the same ones every time. */
async function drawHistory(remote: SvnTestRepository, count: number): Promise<readonly string[]> {
  let drawn = 0;
  const draw = (below: number) => createHash('sha256').update(String(drawn++)).digest().readUInt32BE() % below;
  const folders = ['a', 'b', 'c d', 'e/f'];
  const there = new Set<string>();
  const newFile = () => ({
    properties: draw(3) === 0 ? KEYWORDS : draw(3) === 0 ? { 'svn:executable': '*' } : {},
    content: `${KEYWORD}${draw(3)}\n`,
  });
  const revisions = [await remote.commit('trunk', Object.fromEntries(folders.map((folder) => [`${folder}/`, ''])))];
  while (revisions.length < count) {
    const folder = folders[draw(folders.length)] ?? '';
    if (draw(4) === 0) {
      // Replaced by nothing, and everything in it gone.
      const place = encode(`trunk/${folder}`);
      revisions.push(await remote.mucc(['rm', place, 'mkdir', place]));
      for (const path of there) if (path.startsWith(`${folder}/`)) there.delete(path);
      continue;
    }
    const files: Record<string, ReturnType<typeof newFile> | null> = {};
    for (let at = 0; at < 3; at++) {
      const path = `${folder}/${draw(6)}`;
      if (path in files) continue;
      const isDeleted = there.has(path) && draw(3) === 0;
      files[path] = isDeleted ? null : newFile();
      if (isDeleted) there.delete(path);
      else there.add(path);
    }
    revisions.push(await remote.commit('trunk', files));
  }
  return revisions;
}
