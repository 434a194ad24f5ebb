import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { type MendixVersion, parseMendixVersion } from '../../domain/mendix-version.ts';
import { chooseJavaHome, javaMajorsFor } from './java-homes.ts';

const version = (text: string): MendixVersion => parseMendixVersion(text) ?? assert.fail(text);

test('each version of Mendix has its Java', () => {
  const first = (text: string) => javaMajorsFor(version(text))[0];
  assert.deepEqual(
    ['7.23.8', '8.0.0', '9.24.1', '10.7.0', '10.8.0', '10.11.0', '11.0.0'].map(first),
    [8, 11, 11, 11, 17, 21, 21],
  );
});

test('the JDK that fits best is chosen by what it says of itself', async (t) => {
  const folder = await temporaryFolder(t);
  const releases = { 'jdk-8': '1.8.0_402', 'jdk-11': '11.0.22', 'jdk-17': '17.0.10' };
  for (const [name, java] of Object.entries(releases)) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'release'), `IMPLEMENTOR="Somebody"\nJAVA_VERSION="${java}"\n`);
  }
  const folders = [...Object.keys(releases), 'no-jdk'].map((name) => join(folder, name));
  assert.equal((await chooseJavaHome(version('10.12.3'), [folder])).folder, join(folder, 'jdk-17'));
  const chosen = async (text: string) => (await chooseJavaHome(version(text), folders)).major;
  assert.deepEqual([await chosen('7.23.8'), await chosen('9.24.1'), await chosen('10.12.3')], [8, 11, 17]);
  assert.equal((await chooseJavaHome(version('10.12.3'), folders, 11)).major, 11);
  await assert.rejects(
    chooseJavaHome(version('10.12.3'), folders, 21),
    /^BuildFailure: The project of Mendix 10\.12\.3, as it is set, is built with Java 21, and there is 8 in .*'apt-get install openjdk-21-jdk-headless'/,
  );
  await assert.rejects(chosen('11.6.0'), /Java 21, and there is 8 in .*jdk-8.*SLIPWAY_JAVA_HOMES/);
  await assert.rejects(chooseJavaHome(version('9.24.1'), []), /there is none/);
});
