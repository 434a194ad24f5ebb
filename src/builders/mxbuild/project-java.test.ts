import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeProjectSettings } from '../../../test/support/make-bson.ts';
import { type MadeFile, memorySourceTree } from '../../../test/support/memory-source-tree.ts';
import { FORMATS, type MadeProjectFile, makeProjectFile } from '../../../test/support/project-file.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { findProjectJava } from './project-java.ts';

const ID = '33221100554477668899aabbccddeeff';
const FILE = 'apps/crm/mprcontents/00/11/00112233-4455-6677-8899-aabbccddeeff.mxunit';
const other = { id: 'ff'.repeat(16), containment: 'Documents' };

async function find(t: TestContext, made: MadeProjectFile, files: readonly MadeFile[] = []) {
  const file = join(await temporaryFolder(t), 'App.mpr');
  makeProjectFile(file, made);
  return findProjectJava(memorySourceTree(files), 'apps/crm/App.mpr', file, new AbortController().signal);
}

test('the Java of a project is read from the project file, among however many units', async (t) => {
  const many = Array.from({ length: 1200 }, (_, at) => ({
    id: at.toString(16).padStart(32, '0'),
    containment: 'Documents',
    contents: Buffer.from('no settings'),
  }));
  const settings = { id: ID, containment: 'ProjectDocuments', contents: makeProjectSettings('Java17') };
  assert.equal(await find(t, { ...FORMATS[1], units: [...many, settings] }), 17);
});

test('or from its file beside the project file, where units are files', async (t) => {
  const made = { ...FORMATS[2], units: [other, { id: ID, containment: 'ProjectDocuments' }] };
  const content = makeProjectSettings('Java21');
  assert.equal(await find(t, made, [{ path: FILE, content }]), 21);
  assert.equal(await find(t, made, [{ path: FILE, mode: 'symlink', content }]), undefined);
  assert.equal(await find(t, made), undefined);
});

test('where it is not known it is not guessed', async (t) => {
  const settings = (contents: Uint8Array) => ({
    ...FORMATS[1],
    units: [{ id: ID, containment: 'ProjectDocuments', contents }],
  });
  assert.equal(await find(t, settings(makeProjectSettings(undefined))), undefined);
  assert.equal(await find(t, settings(makeProjectSettings('Newest'))), undefined);
  assert.equal(await find(t, settings(Buffer.from('garbage'))), undefined);
  assert.equal(await find(t, {}), undefined);
  const file = join(await temporaryFolder(t), 'App.mpr');
  await writeFile(file, `SQLite format 3\0${'x'.repeat(5000)}`);
  assert.equal(await findProjectJava(memorySourceTree([]), 'App.mpr', file, new AbortController().signal), undefined);
});
