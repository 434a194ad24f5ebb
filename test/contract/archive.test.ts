import { readdir } from 'node:fs/promises';
import { archiveBuilder } from '../../src/builders/archive.ts';
import { MemberCache } from '../../src/packaging/member-cache/member-cache.ts';
import { noise, sourceText } from '../support/made-content.ts';
import type { MadeFile } from '../support/memory-source-tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testBuilder } from './builder.ts';

testBuilder('archive', async (context) => {
  const [folder, temporary] = [await temporaryFolder(context), await temporaryFolder(context)];
  const cache = await MemberCache.open({ folder, limitBytes: 64 * 1024 * 1024 });
  const builder = archiveBuilder({ cache, temporaryFolder: temporary });
  return { builder, files: someFiles, leftovers: () => readdir(temporary) };
});

/** Half of them are the same under every salt. */
function someFiles(salt: string): readonly MadeFile[] {
  const texts = Array.from({ length: 200 }, (_, at) => ({
    path: `javasource/m${at}.java`,
    content: sourceText(1 + at * 97, at % 2 === 0 ? `${at}` : `${at} ${salt}`),
  }));
  const images = Array.from({ length: 40 }, (_, at) => ({
    path: `theme/${at}.png`,
    content: noise(50_000 + at, at % 2 === 0 ? `${at}` : `${at} ${salt}`),
  }));
  return [...texts, ...images, { path: 'run.sh', mode: 'executable', content: '#!/bin/sh\n' }];
}
