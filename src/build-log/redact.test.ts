import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedactor } from './redact.ts';

const SECRET = 'correct horse/battery+stäple?';

function redactInPieces(text: string, pieceBytes: number, secrets: readonly string[] = [SECRET]): string {
  const redactor = createRedactor(secrets);
  const bytes = Buffer.from(text);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) parts.push(redactor.write(bytes.subarray(at, at + pieceBytes)));
  return Buffer.concat([...parts, redactor.end()]).toString();
}

test('a secret is taken out wherever the stream is cut', () => {
  const text = `before ${SECRET} between ${SECRET}${SECRET} corr after ö`;
  for (let bytes = 1; bytes < text.length + 3; bytes++) {
    assert.equal(redactInPieces(text, bytes), 'before *** between ****** corr after ö', `${bytes}`);
  }
});

test('a secret is taken out of base64 at every alignment, wrapped or not', () => {
  for (const before of ['', 'u', 'us', 'user:']) {
    const encoded = Buffer.from(`${before}${SECRET}${SECRET}tail`).toString('base64');
    for (const text of [encoded, encoded.replace(/.{9}/g, '$&\n'), encoded.replaceAll('+', '-').replaceAll('/', '_')]) {
      const shown = redactInPieces(`x ${text} y`, 7).replaceAll('\n', '');
      assert.ok(shown.includes('***'));
      assert.ok(shown.length < 26, `${before}: ${shown}`);
    }
  }
});

test('a secret is taken out when it is wrapped, or stands in an URL or in JSON', () => {
  assert.equal(redactInPieces('a corr\r\n  ect horse/bat\ntery+stäple? b', 5), 'a *** b');
  assert.equal(redactInPieces(`a ${encodeURIComponent(SECRET)} b`, 5), 'a *** b');
  assert.equal(redactInPieces('{"a":"one\\"two\\nthree"}', 3, ['one"two\nthree']), '{"a":"***"}');
});

test('of a secret with several lines, each line of 16 characters or more is taken out by itself, too', () => {
  const lines = ['-----BEGIN KEY-----', 'MIIEvQIBADANBgkq/hkiG9w0BAQ', 'sixteen letters!!', 'fifteen-letters', '}'];
  for (const lineEnd of ['\n', '\r\n']) {
    const secrets = [lines.join(lineEnd)];
    const numbered = lines.map((line, at) => `${at + 1}: ${line}`).join('\n');
    for (let bytes = 1; bytes < numbered.length + 3; bytes++) {
      assert.equal(
        redactInPieces(numbered, bytes, secrets),
        '1: ***\n2: ***\n3: ***\n4: fifteen-letters\n5: }',
        `${bytes}`,
      );
      assert.equal(redactInPieces(`a ${secrets[0]} b`, bytes, secrets), 'a *** b', `${bytes}`);
    }
  }
});

test('what is no secret is shown, and at once where it cannot become one', () => {
  const redactor = createRedactor(['hunter2', 'abc']);
  assert.equal(Buffer.from(redactor.write(Buffer.from('a line\n'))).toString(), 'a line\n');
  assert.equal(Buffer.from(redactor.write(Buffer.from('x hunter'))).toString(), 'x ');
  assert.equal(Buffer.from(redactor.write(Buffer.from('3 abc\n'))).toString(), 'hunter3 abc\n');
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 131) % 256));
  assert.ok(Buffer.concat([redactor.write(noise), redactor.end()]).equals(noise));
});
