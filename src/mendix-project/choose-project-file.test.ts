import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuildFailure } from '../domain/failure.ts';
import { chooseProjectFile } from './choose-project-file.ts';

const refused = (what: RegExp) => (error: unknown) => error instanceof BuildFailure && what.test(error.message);

test('the only project file of a source is the one, wherever it lies', () => {
  assert.equal(chooseProjectFile(['README.md', 'app/App.MPR', 'app/App.mpr.bak'], null), 'app/App.MPR');
  assert.equal(chooseProjectFile(['README.md'], null), undefined);
});

test('among several the app has to choose, and they are named', () => {
  const paths = ['One.mpr', 'two/Two.mpr'];
  assert.throws(
    () => chooseProjectFile(paths, null),
    refused(/2 project files.*'One.mpr', 'two\/Two.mpr'.*ProjectFile/),
  );
  assert.equal(chooseProjectFile(paths, 'two/Two.mpr'), 'two/Two.mpr');
  assert.equal(chooseProjectFile(paths, './One.mpr'), 'One.mpr');
  assert.throws(() => chooseProjectFile(paths, 'Three.mpr'), refused(/no project file 'Three.mpr'.*'One.mpr'/));
  assert.throws(() => chooseProjectFile([], 'One.mpr'), refused(/no project file 'One.mpr' in the source\.$/));
});
