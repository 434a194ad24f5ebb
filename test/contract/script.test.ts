import { readdir } from 'node:fs/promises';
import { noise, sourceText } from '../support/made-content.ts';
import type { MadeFile } from '../support/memory-source-tree.ts';
import { openScriptBuilder } from '../support/script-builder.ts';
import { testBuilder } from './builder.ts';

const BUILD_FILE = `
build:
  run:
    - name: copy
      run: mkdir dist; cp -r source dist/
    - name: generate
      run: echo "$SLIPWAY_VERSION" > dist/version; ln -s version dist/link; chmod +x dist/version
  package: dist
`;

testBuilder('script', async (context) => {
  const { builder, temporary } = await openScriptBuilder(context);
  return { builder, files: someFiles, leftovers: () => readdir(temporary) };
});

function someFiles(salt: string): readonly MadeFile[] {
  const texts = Array.from({ length: 20 }, (_, at) => ({
    path: `source/m${at}.java`,
    content: sourceText(1 + at * 97, at % 2 === 0 ? `${at}` : `${at} ${salt}`),
  }));
  const images = Array.from({ length: 2 }, (_, at) => ({
    path: `source/${at}.png`,
    content: noise(200_000, at % 2 === 0 ? `${at}` : `${at} ${salt}`),
  }));
  return [...texts, ...images, { path: 'slipway.yml', content: BUILD_FILE }];
}
