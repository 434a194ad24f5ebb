import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ScriptOptions, scriptBuilder } from '../../src/builders/script/script.ts';
import { scriptCaches } from '../../src/builders/script/script-caches.ts';
import { MemberCache } from '../../src/packaging/member-cache/member-cache.ts';
import { openSandbox } from '../../src/sandbox/open-sandbox.ts';
import { temporaryFolder } from './temporary-folder.ts';

const MIB = 1024 * 1024;

/** The builder `script` in bubblewrap, on a folder of the test's own. */
export async function openScriptBuilder(test: Pick<TestContext, 'after'>, others: Partial<ScriptOptions> = {}) {
  const folder = await temporaryFolder(test);
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  const builder = scriptBuilder({
    findSandbox: () => openSandbox('auto', { path: process.env.PATH ?? '', hidden: [folder] }),
    limits: { processes: 200, memoryBytes: 512 * MIB, fileBytes: 128 * MIB, diskBytes: 128 * MIB },
    caches: scriptCaches({ folder: join(folder, 'caches'), limitBytes: 16 * MIB }),
    cache: await MemberCache.open({ folder: join(folder, 'cache'), limitBytes: 64 * MIB }),
    temporaryFolder: temporary,
    path: '/usr/bin:/bin',
    readOnly: [],
    ...others,
  });
  return { builder, folder, temporary };
}
