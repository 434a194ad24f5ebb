import assert from 'node:assert/strict';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { FORMATS, type MadeProjectFile, makeProjectFile } from '../../test/support/project-file.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { BuildFailure } from '../domain/failure.ts';
import { readProjectFile } from './read-project-file.ts';

async function read(t: TestContext, made: MadeProjectFile | ((path: string) => unknown)) {
  const path = join(await temporaryFolder(t), 'App.mpr');
  if (typeof made === 'function') await made(path);
  else makeProjectFile(path, made);
  return readProjectFile(path, 'App.mpr');
}

const refused = (what: RegExp) => (error: unknown) =>
  error instanceof BuildFailure && error.code === 'source-unreadable' && what.test(error.message);

test('the version and the format of a project are read, with every schema there has been', async (t) => {
  const withFormat = '_ProductVersion TEXT,_BuildVersion TEXT,_SchemaHash TEXT,_FormatVersion INTEGER';
  assert.deepEqual(await read(t, {}), { mendixVersion: '10.12.3.41523', format: 1 });
  assert.deepEqual(await read(t, { metaData: withFormat, ...FORMATS[2] }), {
    mendixVersion: '10.12.3.41523',
    format: 2,
  });
  assert.deepEqual(await read(t, { version: '11.6.3.88888', ...FORMATS[2] }), {
    mendixVersion: '11.6.3.88888',
    format: 2,
  });
  assert.deepEqual(await read(t, { metaData: 'MendixVersion TEXT', version: '2.5.8' }), {
    mendixVersion: '2.5.8',
    format: 1,
  });
});

test('what is no project file is said to be what it is', async (t) => {
  await assert.rejects(
    read(t, (path) => writeFile(path, '')),
    refused(/^The project file 'App.mpr' is empty/),
  );
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n';
  await assert.rejects(
    read(t, (path) => writeFile(path, pointer)),
    refused(/Git LFS pointer.*git lfs push/),
  );
  await assert.rejects(
    read(t, (path) => writeFile(path, 'PK\u0003\u0004')),
    refused(/is not a Mendix project file\.$/),
  );
  await assert.rejects(read(t, { unit: '' }), refused(/has no table Unit/));
  await assert.rejects(read(t, { version: null }), refused(/does not say which version/));
  await assert.rejects(read(t, { version: '../../etc' }), refused(/'\.\.\/\.\.\/etc', which is not a version/));
});

test('a damaged file is called so, wherever it is cut', async (t) => {
  const cutAt = (bytes: number) => (path: string) => {
    makeProjectFile(path);
    return truncate(path, bytes);
  };
  for (const bytes of [16, 100, 4096, 8192])
    await assert.rejects(read(t, cutAt(bytes)), refused(/is damaged|no table/));
});

test('a file that would make the reader work for its author is refused', async (t) => {
  const forEver = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i AS _ProductVersion FROM n';
  const view = (path: string) => {
    const database = new DatabaseSync(path);
    database.exec(`CREATE VIEW _MetaData AS ${forEver} WHERE i > 1`);
    database.close();
  };
  await assert.rejects(read(t, view), refused(/has no table _MetaData/));
  const computed = '_Other TEXT, _ProductVersion TEXT AS (hex(zeroblob(100000000)))';
  await assert.rejects(read(t, { metaData: computed, version: 'x' }), refused(/has no table _MetaData/));
});
