import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeJavaHome } from '../../../test/support/mxbuild/stand-in.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { type MendixVersion, parseMendixVersion } from '../../domain/mendix-version.ts';
import { chooseJavaHome, javaMajorsFor } from './java-homes.ts';

const version = (text: string): MendixVersion => parseMendixVersion(text) ?? assert.fail(text);

test('each version of Mendix has its Java, the best first', () => {
  const expected: Readonly<Record<string, readonly number[]>> = {
    '7.23.8': [8],
    '8.0.0': [11],
    '9.24.1': [11],
    '10.7.0': [11],
    '10.8.0': [17, 11],
    '10.10.0.36515': [17, 11],
    '10.11.0': [21, 17, 11],
    '11.0.0': [21],
    '11.13.0.9': [21],
    '11.14.0': [21, 25],
    '12.0.0': [21, 25],
  };
  const found = Object.keys(expected).map((text) => [text, javaMajorsFor(version(text))]);
  assert.deepEqual(Object.fromEntries(found), expected);
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

test('Java 25 builds Mendix 11.14 where it is the only one, or the project is set to it, and nothing before', async (t) => {
  const folder = await temporaryFolder(t);
  const [jdk21 = '', jdk25 = ''] = await Promise.all(
    ['21.0.9', '25.0.1'].map((java) => makeJavaHome(join(folder, java), java)),
  );
  const chosen = async (text: string, folders: readonly string[], wanted?: number) =>
    (await chooseJavaHome(version(text), folders, wanted)).major;
  assert.equal(await chosen('11.14.0', [jdk25, jdk21]), 21);
  assert.equal(await chosen('11.14.0', [jdk25]), 25);
  assert.equal(await chosen('11.14.0', [jdk21, jdk25], 25), 25);
  await assert.rejects(chosen('11.13.0', [jdk25]), /Mendix 11\.13\.0 is built with Java 21, and there is 25 in /);
});
