import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../domain/refusal.ts';
import { parseRequestBody } from './request-body.ts';

const parse = (text: string) => parseRequestBody(Buffer.from(text));

test('no body, an empty one and blanks are no parameters', () => {
  for (const body of [undefined, Buffer.alloc(0), Buffer.from(' \r\n\t'), Buffer.from('\ufeff')]) {
    assert.equal(parseRequestBody(body), undefined);
  }
});

test('strict JSON is what it is', () => {
  assert.deepEqual(parse('{"a":[1,-2.5,true,null,"x"],"b":{}}'), { a: [1, -2.5, true, null, 'x'], b: {} });
});

test('a number that would lose its spelling keeps it', () => {
  assert.deepEqual(parse('{"Revision":12345e67}'), { Revision: '12345e67' });
  assert.deepEqual(parse('{"Revision":1234567890123456789012345678901234567890}'), {
    Revision: '1234567890123456789012345678901234567890',
  });
  assert.deepEqual(parse('{"Revision":63}'), { Revision: 63 });
});

test('words without quotes are values', () => {
  const cases: [string, unknown][] = [
    ['{"Revision":9,"Branch": trunk}', { Revision: 9, Branch: 'trunk' }],
    ['{"Branch": branches%2Ffeature }', { Branch: 'branches%2Ffeature' }],
    ['{"Branch":branches/feature,"a":[x, y]}', { Branch: 'branches/feature', a: ['x', 'y'] }],
    ['{"Branch": Main line, "n": 1}', { Branch: 'Main line', n: 1 }],
    ['{"Revision": 12345e67, "Branch": x}', { Revision: '12345e67', Branch: 'x' }],
    ['{"Revision": 0123456, "Version": 1.0.0}', { Revision: '0123456', Version: '1.0.0' }],
    ['{"a": tru, "b": true, "c": null, "d": "q\\"\\u0041"}', { a: 'tru', b: true, c: null, d: 'q"A' }],
  ];
  for (const [text, value] of cases) assert.deepEqual(parse(text), value, text);
});

test('names of the prototype are plain fields in both grammars', () => {
  for (const text of ['{"__proto__":{"x":1}}', '{"__proto__":{"x":word}}']) {
    const body = parse(text);
    assert.ok(typeof body === 'object' && body !== null);
    assert.ok(Object.hasOwn(body, '__proto__'));
    assert.equal(Object.getPrototypeOf(body), Object.prototype);
  }
});

test('a form is a body too', () => {
  assert.deepEqual(parse('Revision=63&Version=2.5.4&Description=two+words%21'), {
    Revision: '63',
    Version: '2.5.4',
    Description: 'two words!',
  });
});

test('what does not parse is refused, saying where', () => {
  const cases: [string, RegExp][] = [
    ['{', /line 1, column 2: found the end of the body/],
    ['{"a":1,}', /column 8: found '}' where a string in double quotes/],
    ['{"a":,}', /column 6/],
    ['{"a" 1}', /column 6: found '1' where ':'/],
    ['{"a":"x}', /column 6/],
    ['{"a":"\\x"}', /column 6: .* valid escapes/],
    ['[1 2', /column 5: found the end of the body where ',' or ']'/],
    ['word', /column 1: found 'w' where an object/],
    ['{}{}', /column 3: found '{' where the end/],
    ['{\n"a":1,\n"b" x}', /line 3, column 5/],
  ];
  for (const [text, where] of cases) {
    assert.throws(
      () => parse(text),
      (error) => error instanceof Refusal && error.code === 'INVALID_PARAMETERS' && where.test(error.message),
      text,
    );
  }
});

test('deep nesting, endless strings and large bodies are refused quickly', () => {
  const hostile = [
    '['.repeat(60_000),
    `{"a":${'{"a":'.repeat(10_000)}`,
    `{"a":"${'\\"'.repeat(30_000)}`,
    `{x${' '.repeat(900_000)}`,
  ];
  for (const text of hostile) {
    const startedAt = performance.now();
    assert.throws(() => parse(text), Refusal);
    assert.ok(performance.now() - startedAt < 1000);
  }
});
