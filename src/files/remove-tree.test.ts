import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { removeTree } from './remove-tree.ts';

/** In a process that goes from folder to folder, since no path leads to the last of them. */
const MAKE_DEEP = `
  const { chmodSync, mkdirSync, writeFileSync } = require('node:fs');
  for (let depth = 0; depth < 30; depth++) {
    const name = 'x'.repeat(200);
    mkdirSync(name);
    process.chdir(name);
    writeFileSync('file', '');
  }
  mkdirSync(Buffer.from([0xff]));
  writeFileSync(Buffer.from([0xff, 0x2f, 0xfe]), '');
  chmodSync(Buffer.from([0xff]), 0);
`;

test('a tree goes that is deeper than any path, with names that are not text and folders that are closed', async (t) => {
  const folder = join(await temporaryFolder(t), 'tree');
  await mkdir(folder);
  execFileSync(process.execPath, ['-e', MAKE_DEEP], { cwd: folder });
  await removeTree(folder);
  await assert.rejects(access(folder), { code: 'ENOENT' });
});

test('a folder that is not there is fine', async (t) => {
  await removeTree(join(await temporaryFolder(t), 'nothing'));
});
