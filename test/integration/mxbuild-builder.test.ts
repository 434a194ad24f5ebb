import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MXBUILD_PATH } from '../../src/builders/mxbuild/mxbuild-command.ts';
import { BuildFailure, type FailureCode } from '../../src/domain/failure.ts';
import { bubblewrapSandbox } from '../../src/sandbox/bubblewrap.ts';
import { noSandbox } from '../../src/sandbox/no-sandbox.ts';
import { buildPackage, FACTS } from '../support/build-package.ts';
import type { MadeFile } from '../support/memory-source-tree.ts';
import { type MxbuildGiven, openMxbuildWorld, VERSION } from '../support/mxbuild/mxbuild-world.ts';
import { makeMono } from '../support/mxbuild/stand-in.ts';
import { readZip } from '../support/read-zip.ts';
import { recordingLog } from '../support/recording-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

interface Given extends MxbuildGiven {
  readonly behaviour?: object;
  readonly files?: readonly MadeFile[];
}

async function fails(t: TestContext, given: Given, code: FailureCode, message: RegExp): Promise<BuildFailure> {
  const { builder, treeOf, leftovers } = await openMxbuildWorld(t, given);
  const error = await buildPackage(builder, treeOf(given.behaviour, given.files)).then(
    () => assert.fail('it did not fail'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof BuildFailure, String(error));
  assert.match(error.message, message);
  assert.equal(error.code, code);
  assert.deepEqual(await leftovers(), []);
  return error;
}

for (const sandbox of [noSandbox(), bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] })]) {
  test(`${sandbox.name}: a project becomes the package of its version, and nothing is left`, async (t) => {
    const { build, leftovers } = await openMxbuildWorld(t, { sandbox });
    const { bytes, lines } = await build();
    const members = await readZip(bytes);
    assert.deepEqual(
      members.map(({ name }) => name),
      ['model/metadata.json', 'model/model.mdp', 'web/index.html'],
    );
    assert.deepEqual(JSON.parse(String(await members[0]?.content())), {
      RuntimeVersion: VERSION,
      ModelVersion: FACTS.version,
      Description: FACTS.description,
    });
    assert.ok(lines.includes(`mxbuild: App.mpr is of Mendix ${VERSION}`), lines.join('\n'));
    assert.ok(lines.some((line) => /^Building .*App\.mpr$/.test(line)));
    assert.deepEqual(await leftovers(), []);
  });
}

test('errors in the model are the problems of the package', async (t) => {
  const at = { document: "Page 'Home'", module: 'MyFirstModule' };
  const problems = [
    { severity: 'Warning', message: 'Unused.', locations: [] },
    { severity: 'Error', message: 'No entity.', locations: [at] },
    { severity: 'Error', message: 'No page.', locations: [at] },
  ];
  const error = await fails(
    t,
    { behaviour: { problems } },
    'model-errors',
    /^The model has errors \(and 1 more\)\. Error in MyFirstModule\.Page 'Home': No entity\.$/,
  );
  assert.equal(error.problems.length, 3);
  assert.deepEqual(error.problems[1], {
    Severity: 'Error',
    Message: 'No entity.',
    Document: "Page 'Home'",
    Module: 'MyFirstModule',
  });
});

test('whatever MxBuild does instead of a package is told', async (t) => {
  const broken = (behaviour: object, message: RegExp) => fails(t, { behaviour }, 'builder-failed', message);
  await broken({ internal: true }, /exit code 1, an internal error/);
  // As one that is too old for it.
  await broken({ unknownOption: 'write-errors' }, /exit code 2, options that it does not take: see the log\.$/);
  await broken({ problems: [] }, /exit code 3, errors in the model/);
  await broken({ crash: true }, /exit code 13\d/);
  await broken({ noPackage: true }, /left no package/);
  await broken({ torn: true }, /no zip, or a damaged one/);
  await broken({ members: { 'web/index.html': null } }, /it has no web\//);
  await broken({ metadata: { ModelVersion: '9.9.9' } }, /its ModelVersion is '9\.9\.9'/);
});

test('an MxBuild that hangs is stopped', async (t) => {
  await fails(t, { behaviour: { hang: true }, limits: { timeMs: 2_000 } }, 'time-limit', /longer than 2 s/);
  const { builder, treeOf, leftovers } = await openMxbuildWorld(t);
  const canceled = new AbortController();
  const lines: string[] = [];
  const tree = treeOf({ hang: true });
  const log = recordingLog(lines);
  const output = { write: async () => undefined, commit: assert.fail, abort: async () => undefined };
  const building = builder.build({ tree, facts: FACTS, output, log, secrets: {}, report: {}, signal: canceled.signal });
  building.catch(() => undefined);
  await until('it is building', () => lines.some((line) => line.startsWith('Building ')));
  canceled.abort(new Error('canceled'));
  await assert.rejects(building, /canceled/);
  assert.deepEqual(await leftovers(), []);
});

/** A project of the last Mendix whose MxBuild runs on Mono, with what it needs but for Mono. */
const ON_MONO = { version: '9.21.0.1', standIn: '9.21.0.1', java: '11.0.22' };

test('an MxBuild that runs on Mono builds with the one that commands of a build find', async (t) => {
  const mono = await temporaryFolder(t);
  await makeMono(mono);
  const { build, folder, leftovers } = await openMxbuildWorld(t, {
    ...ON_MONO,
    commandPath: `${mono}:${MXBUILD_PATH}`,
  });
  const { bytes, lines } = await build();
  const [metadata] = await readZip(bytes);
  assert.equal(JSON.parse(String(await metadata?.content())).RuntimeVersion, ON_MONO.version);
  const program = join(folder, 'toolchains', ON_MONO.version, 'modeler', 'mxbuild.exe');
  assert.ok(lines.includes(`mono runs ${program}`), lines.join('\n'));
  assert.deepEqual(await leftovers(), []);
});

test('where Mono is needed and not found, the build says which version needs it and how to get it', async (t) => {
  const commandPath = await temporaryFolder(t);
  const reason = /^MxBuild 9\.21\.0\.1 runs on 'mono', which is not found: 'apt-get install mono-complete'\.$/;
  await fails(t, { ...ON_MONO, commandPath }, 'toolchain-missing', reason);
});

test('what is missing is named, and what mends it', async (t) => {
  await fails(t, { version: '10.13.0.1' }, 'toolchain-missing', /slipway toolchain add mxbuild-10\.13\.0\.1\.tar\.gz/);
  await fails(t, { java: '1.8.0_402' }, 'toolchain-missing', /Java 21 or 17 or 11, and there is 8/);
  const two = [{ path: 'Two.mpr', content: 'x' }];
  await fails(t, { files: two }, 'source-unreadable', /'App\.mpr', 'Two\.mpr'/);
  await fails(t, { files: two, projectFile: 'Two.mpr' }, 'source-unreadable', /'Two\.mpr' is not a Mendix project/);
});
