import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BlobError } from '../../src/blob/blob-store.ts';
import type { Builder } from '../../src/builders/builder.ts';
import { RepositoryError } from '../../src/repository/repository.ts';
import { buildPackage, FACTS } from '../support/build-package.ts';
import { memoryBlobWriter } from '../support/memory-blob-writer.ts';
import { type MadeFile, memorySourceTree } from '../support/memory-source-tree.ts';
import { readZip } from '../support/read-zip.ts';

export interface OpenedBuilder {
  readonly builder: Builder;
  /** A source that this builder can build, of some 4 MiB: `salt` makes it another one. */
  readonly files: (salt: string) => readonly MadeFile[];
  /** Answers what builds have left behind in temporary folders. */
  readonly leftovers: () => Promise<readonly string[]>;
}

/** What every builder promises. `open` answers one that has not built anything. */
export function testBuilder(name: string, open: (context: TestContext) => Promise<OpenedBuilder>): void {
  test(`${name}: the same tree and facts give the same bytes, whatever was built before`, async (t) => {
    const [one, other] = [await open(t), await open(t)];
    const build = async ({ builder, files }: OpenedBuilder, salt: string) =>
      (await buildPackage(builder, memorySourceTree(files(salt)))).bytes;
    const first = await build(one, 'a');
    await build(other, 'b');
    for (const again of [await build(one, 'a'), await build(other, 'a'), await build(other, 'a')]) {
      assert.ok(first.equals(again));
    }
  });

  test(`${name}: the package says what it is, and nothing that two builds of it do not share`, async (t) => {
    const { builder, files } = await open(t);
    const { bytes } = await buildPackage(builder, memorySourceTree(files('a')));
    const metadata = (await readZip(bytes)).find((member) => member.name === 'slipway/metadata.json');
    const { appKey: _, appId, ...others } = FACTS;
    const expected = { app: appId, ...others, builder: builder.name };
    assert.deepEqual(JSON.parse(String(await metadata?.content())), expected);
  });

  test(`${name}: the output is neither committed nor aborted`, async (t) => {
    const { builder, files } = await open(t);
    const { output } = await buildPackage(builder, memorySourceTree(files('a')));
    assert.deepEqual(output.calls, []);
  });

  test(`${name}: the log tells what was done`, async (t) => {
    const { builder, files } = await open(t);
    const { lines } = await buildPackage(builder, memorySourceTree(files('a')));
    assert.ok(lines.length >= 2);
    for (const line of lines) assert.match(line, /^\S[^\n]*$/);
  });

  test(`${name}: an abort ends it with the signal's reason, at once and in the middle`, async (t) => {
    const { builder, files, leftovers } = await open(t);
    const reason = new Error('canceled by a test');
    const aborted = buildPackage(builder, memorySourceTree(files('a')), { signal: AbortSignal.abort(reason) });
    await assert.rejects(aborted, reason);
    const controller = new AbortController();
    const output = memoryBlobWriter(() => controller.abort(reason));
    const midway = buildPackage(builder, memorySourceTree(files('a')), { signal: controller.signal, output });
    await assert.rejects(midway, reason);
    assert.deepEqual(await leftovers(), []);
  });

  test(`${name}: after an abort the next build is as good as any`, async (t) => {
    const [one, other] = [await open(t), await open(t)];
    const controller = new AbortController();
    const output = memoryBlobWriter(() => controller.abort());
    await assert.rejects(
      buildPackage(one.builder, memorySourceTree(one.files('a')), { signal: controller.signal, output }),
    );
    const after = await buildPackage(one.builder, memorySourceTree(one.files('a')));
    const fresh = await buildPackage(other.builder, memorySourceTree(other.files('a')));
    assert.ok(after.bytes.equals(fresh.bytes));
  });

  test(`${name}: what the repository and the blob store throw passes through`, async (t) => {
    const { builder, files, leftovers } = await open(t);
    const tree = memorySourceTree(files('a'));
    const unreadable = new RepositoryError('unreadable', 'An object is missing.');
    const broken = {
      ...tree,
      async *read() {
        yield* [];
        throw unreadable;
      },
    };
    await assert.rejects(buildPackage(builder, broken), unreadable);
    const full = new BlobError('full', 'There is no room.');
    const output = memoryBlobWriter(() => Promise.reject(full));
    await assert.rejects(buildPackage(builder, tree, { output }), full);
    assert.deepEqual(await leftovers(), []);
  });

  test(`${name}: several builds at once do not disturb each other`, async (t) => {
    const { builder, files } = await open(t);
    const build = async (salt: string) => (await buildPackage(builder, memorySourceTree(files(salt)))).bytes;
    const salts = ['a', 'b', 'a', 'c', 'b', 'a'];
    const together = await Promise.all(salts.map(build));
    for (const [index, salt] of salts.entries()) assert.ok(together[index]?.equals(await build(salt)));
  });
}
