import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProblem, parseProblems } from './problems.ts';

const problem = {
  name: 'CE0463',
  severity: 'Error',
  message: "Widget definition of 'Gallery' has changed.",
  locations: [
    { elementId: '1', unitId: '2', element: "Gallery 'g1'", document: "Page 'Home'", module: 'MyFirstModule' },
  ],
};
const read = {
  Severity: 'Error',
  Message: "Widget definition of 'Gallery' has changed.",
  Document: "Page 'Home'",
  Module: 'MyFirstModule',
};

test('problems are read with a byte order mark, and one level deeper', () => {
  assert.deepEqual(parseProblems(`\ufeff${JSON.stringify({ problems: [problem] })}`), [read]);
  assert.deepEqual(parseProblems(JSON.stringify({ status: 'Failure', problems: { problems: [problem] } })), [read]);
  assert.equal(formatProblem(read), "Error in MyFirstModule.Page 'Home': Widget definition of 'Gallery' has changed.");
});

test('what is missing is null, and what makes no sense is left out', () => {
  const few = { problems: [{ severity: 'Warning', message: 'x' }, { severity: 'Error' }, 7, null, { name: 'CE1' }] };
  assert.deepEqual(parseProblems(JSON.stringify(few)), [
    { Severity: 'Warning', Message: 'x', Document: null, Module: null },
    { Severity: 'Error', Message: 'CE1', Document: null, Module: null },
  ]);
  for (const text of ['', '{', '[]', 'null', '{"problems": 7}', '{"problems": {"problems": "x"}}']) {
    assert.deepEqual(parseProblems(text), []);
  }
  const many = { problems: Array.from({ length: 1000 }, () => problem) };
  assert.equal(parseProblems(JSON.stringify(many)).length, 200);
});
