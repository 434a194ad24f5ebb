import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkMxbuild } from './check-mxbuild.ts';

const PATH = process.env.PATH ?? '';

async function makeData(t: TestContext, versions: readonly string[], javas: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const javaHomes = join(folder, 'jvm');
  await mkdir(javaHomes);
  for (const version of versions) await mkdir(join(folder, 'toolchains', 'mxbuild', version), { recursive: true });
  for (const java of javas) {
    await mkdir(join(javaHomes, java));
    await writeFile(join(javaHomes, java, 'release'), `JAVA_VERSION="${java}"\n`);
  }
  return { dataFolder: folder, javaHomes: [javaHomes] };
}

test('of MxBuild nothing is said where nobody seems to build Mendix projects', async (t) => {
  const { dataFolder } = await makeData(t, [], []);
  assert.deepEqual(await checkMxbuild({ dataFolder, javaHomes: ['/usr/lib/jvm'] }, PATH), []);
});

test('an MxBuild with a JDK of its own is fine', async (t) => {
  const data = await makeData(t, ['10.12.3.41523'], ['21.0.2']);
  assert.deepEqual(await checkMxbuild(data, PATH), [{ name: 'MxBuild', state: 'ok', found: '10.12.3.41523' }]);
  assert.equal((await checkMxbuild(await makeData(t, [], ['21.0.2']), PATH))[0]?.found, 'none here yet');
});

test('what MxBuild misses is a note with what to do', async (t) => {
  const [finding] = await checkMxbuild(await makeData(t, ['8.18.0.1', '11.0.0.2'], ['11.0.2']), '/nowhere', '/nowhere');
  assert.deepEqual([finding?.state, finding?.found], ['note', '8.18.0.1, 11.0.0.2']);
  const lines = (finding?.advice ?? '').split(/\n */);
  assert.match(lines[0] ?? '', /'tar'.*apt-get install tar/);
  assert.match(lines[1] ?? '', /MxBuild 8\.18\.0\.1 runs on 'mono'.*apt-get install mono-complete/);
  assert.match(lines[2] ?? '', /Mendix 11\.0\.0\.2 is built with Java 21, and there is 11/);
  assert.equal(lines.length, 3);
  const [none] = await checkMxbuild(await makeData(t, [], []), PATH);
  assert.match(none?.advice ?? '', /There is no JDK in .*SLIPWAY_JAVA_HOMES/);
});
