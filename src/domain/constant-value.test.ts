import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeConstantType, readConstantValue } from './constant-value.ts';

const TAKEN: readonly (readonly [string, string, string])[] = [
  ['String', ' any\ntext ', ' any\ntext '],
  ['String', '', ''],
  ['Enumeration', 'Main.Colour.Red', 'Main.Colour.Red'],
  ['constructor', 'x', 'x'],
  ['Integer', ' 42 ', '42'],
  ['Long', '-9223372036854775808', '-9223372036854775808'],
  ['Decimal', '-1.50', '-1.50'],
  ['_Boolean', 'TRUE', 'true'],
  ['Boolean', 'false', 'false'],
  ['DateTime', '2013-12-20T16:02:32', '2013-12-20T16:02:32'],
  ['DateTime', '2024-02-29', '2024-02-29'],
  ['DateTime', '2024-02-29T23:59:59.123+01:00', '2024-02-29T23:59:59.123+01:00'],
];

const REFUSED: readonly (readonly [string, string])[] = [
  ['Integer', ''],
  ['Integer', '1.5'],
  ['Integer', '9223372036854775808'],
  ['Integer', '0x10'],
  ['Decimal', '1,5'],
  ['Decimal', 'NaN'],
  ['Boolean', 'yes'],
  ['Boolean', ''],
  ['DateTime', 'tomorrow'],
  ['DateTime', '2023-02-29'],
  ['DateTime', '2023-02-28T25:00:00'],
  ['DateTime', '20.12.2013'],
];

test('a constant takes the values of its type, and keeps them in one spelling', () => {
  for (const [type, text, kept] of TAKEN) assert.equal(readConstantValue(type, text), kept, `${type} ${text}`);
});

test('a constant does not take what its type is not', () => {
  for (const [type, text] of REFUSED) {
    assert.equal(readConstantValue(type, text), undefined, `${type} ${text}`);
    assert.notEqual(describeConstantType(type), 'any text');
  }
});
