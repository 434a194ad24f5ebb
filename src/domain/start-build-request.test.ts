import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from './refusal.ts';
import { parseStartBuild } from './start-build-request.ts';

const minimal = { Revision: '63', Version: '2.5.4' };

function refusalOf(body: unknown): Refusal {
  try {
    parseStartBuild(body);
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
  assert.fail(`accepted: ${JSON.stringify(body)}`);
}

test('the documented body is read', () => {
  const body = { Branch: 'branches/feature', ...minimal, Description: 'Add scientific mode' };
  assert.deepEqual(parseStartBuild(body), {
    branch: { mainLine: false, name: 'feature', orMainLine: false },
    branchText: 'branches/feature',
    revision: '63',
    version: { text: '2.5.4' },
    description: 'Add scientific mode',
  });
});

test('branch and description may be absent or null', () => {
  for (const body of [minimal, { ...minimal, Branch: null, Description: null }]) {
    const request = parseStartBuild(body);
    assert.deepEqual(request.branch, { mainLine: true });
    assert.equal(request.branchText, '');
    assert.equal(request.description, '');
  }
});

test('a revision is a number or a string, trimmed and in lower case', () => {
  const cases = [
    [63, '63'],
    [0, '0'],
    [' 62E3D711 ', '62e3d711'],
    ['a'.repeat(40), 'a'.repeat(40)],
    ['b'.repeat(64), 'b'.repeat(64)],
  ];
  for (const [given, read] of cases) {
    assert.equal(parseStartBuild({ ...minimal, Revision: given }).revision, read);
  }
});

test('a missing revision or version is named', () => {
  for (const body of [undefined, null, '', {}, { Version: '1.0.0' }, { ...minimal, Revision: null }]) {
    const refusal = refusalOf(body);
    assert.equal(refusal.code, 'INVALID_PARAMETERS');
    assert.match(refusal.message, /Please set Revision and Version parameters\. Revision is missing\./);
  }
  for (const version of [undefined, null, '', '  ']) {
    const refusal = refusalOf({ Revision: '63', Version: version });
    assert.equal(refusal.code, 'INVALID_PARAMETERS');
    assert.match(refusal.message, /Version is missing\./);
  }
});

test('a value of the wrong type is named with its field', () => {
  const cases = [
    ['Revision', true],
    ['Revision', 1.5],
    ['Revision', -1],
    ['Revision', 1e21],
    ['Revision', ['63']],
    ['Revision', 'HEAD'],
    ['Revision', '--help'],
    ['Revision', 'a'.repeat(65)],
    ['Version', 254],
    ['Branch', 7],
    ['Description', { text: 'x' }],
  ] as const;
  for (const [field, value] of cases) {
    const refusal = refusalOf({ ...minimal, [field]: value });
    assert.equal(refusal.code, 'INVALID_PARAMETERS', field);
    assert.match(refusal.message, new RegExp(`^${field} is '`));
  }
});

test('a body that is no object is refused with its value', () => {
  for (const body of [[minimal], 'text', 7, true]) {
    const refusal = refusalOf(body);
    assert.equal(refusal.code, 'INVALID_PARAMETERS');
    assert.match(refusal.message, /^The body is '/);
  }
});

test('fields are found in any case, and the documented spelling wins', () => {
  assert.equal(parseStartBuild({ revision: '63', VERSION: '1.2.3' }).version.text, '1.2.3');
  assert.equal(parseStartBuild({ version: '9.9.9', Version: '1.2.3', Revision: 1 }).version.text, '1.2.3');
});

test('an invalid version is refused at once, however long', () => {
  for (const version of ['2.5', '2.5.4.1', 'v2.5.4', '2.5.x', '1.0.-1', `1.0.${'9'.repeat(1_000_000)}`]) {
    const startedAt = performance.now();
    assert.equal(refusalOf({ ...minimal, Version: version }).code, 'INVALID_VERSION');
    assert.ok(performance.now() - startedAt < 50);
  }
});

test('the last part of a version may have 13 digits', () => {
  assert.equal(parseStartBuild({ ...minimal, Version: '1.0.1404739654045' }).version.text, '1.0.1404739654045');
});

test('a description of 10,000 characters is accepted and a longer one is refused', () => {
  assert.equal(parseStartBuild({ ...minimal, Description: 'd'.repeat(10_000) }).description.length, 10_000);
  assert.match(refusalOf({ ...minimal, Description: 'd'.repeat(10_001) }).message, /10001 characters/);
});

test('names of the prototype are ordinary unknown fields', () => {
  const body = JSON.parse('{"__proto__":{"Revision":"1"},"constructor":1,"Revision":"63","Version":"2.5.4"}');
  assert.equal(parseStartBuild(body).revision, '63');
  assert.equal(refusalOf(JSON.parse('{"__proto__":{"Revision":"1","Version":"1.0.0"}}')).code, 'INVALID_PARAMETERS');
});
