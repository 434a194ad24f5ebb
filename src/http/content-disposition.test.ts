import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentDisposition } from './content-disposition.ts';

test('a plain name stands once', () => {
  assert.equal(contentDisposition('Main line-1.0.0.1.mda'), 'attachment; filename="Main line-1.0.0.1.mda"');
});

test('any other name has a plain stand-in and its real form', () => {
  const header = contentDisposition('größe "1"\\100%\r\n\ud800(x)*.mda');
  assert.match(header, /^attachment; filename="gr__e _1__100____\(x\)\*\.mda"; filename\*=UTF-8''/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be in a header
  assert.doesNotMatch(header, /[\u0000-\u001f\u0080-\uffff]/);
  const encoded = /UTF-8''(.*)$/.exec(header)?.[1] ?? '';
  assert.equal(decodeURIComponent(encoded), 'größe "1"\\100%\r\n\ufffd(x)*.mda');
  assert.doesNotMatch(encoded, /['()*]/);
});
