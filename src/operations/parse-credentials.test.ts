import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { Refusal } from '../domain/refusal.ts';
import { parseCredentials } from './parse-credentials.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (type: 'pkcs1' | 'pkcs8', passphrase?: string) =>
  privateKey
    .export({ type, format: 'pem', ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }) })
    .toString();

const refused = (request: Parameters<typeof parseCredentials>[0], sentence: RegExp) =>
  assert.throws(
    () => parseCredentials(request),
    (error) => error instanceof Refusal && sentence.test(error.message),
  );

test('a private key is taken in every PEM, and gets the line ends that ssh reads', () => {
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    const given = `\r\n${pem(type).replaceAll('\n', '\r\n').trim()}`;
    const credentials = parseCredentials({ Kind: 'ssh-key', PrivateKey: given, KnownHosts: 'h ssh-rsa A' });
    assert.deepEqual(credentials, { kind: 'ssh-key', privateKey: pem(type), knownHosts: 'h ssh-rsa A\n' });
  }
});

test('a private key with a passphrase is refused, in every PEM', () => {
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    refused({ Kind: 'ssh-key', PrivateKey: pem(type, 'secret') }, /^PrivateKey has a passphrase/);
  }
});

test('what belongs to the kind has to be there, on one line', () => {
  refused({ Kind: 'password', Username: 'me' }, /Please set Password\.$/);
  refused({ Kind: 'password', Password: 'x' }, /Please set Username\.$/);
  refused({ Kind: 'token' }, /Please set Token\.$/);
  refused({ Kind: 'ssh-key' }, /Please set PrivateKey\.$/);
  for (const Token of ['a\nb', 'a\0', '\r']) refused({ Kind: 'token', Token }, /^Token holds a line break/);
  refused(
    { Kind: 'ssh-key', PrivateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString() },
    /not a private/,
  );
});
