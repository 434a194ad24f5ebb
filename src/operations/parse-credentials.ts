import { Refusal } from '../domain/refusal.ts';
import type { SetCredentials } from '../protocol/secrets.ts';
import type { RemoteCredentials } from '../repository/remote-credentials.ts';

/**
 * Checks credentials before they are kept. No message holds any of them.
 *
 * @throws Refusal INVALID_PARAMETERS
 */
export function parseCredentials(request: SetCredentials): RemoteCredentials {
  const { Kind, Username, Password, Token, PrivateKey, KnownHosts } = request;
  switch (Kind) {
    case 'password':
      return { kind: Kind, username: oneLine('Username', Username), password: oneLine('Password', Password) };
    case 'token':
      return {
        kind: Kind,
        token: oneLine('Token', Token),
        username: Username === undefined ? undefined : oneLine('Username', Username),
      };
    case 'ssh-key':
      return {
        kind: Kind,
        privateKey: parsePrivateKey(given('PrivateKey', PrivateKey)),
        knownHosts: KnownHosts === undefined ? undefined : textFile(KnownHosts),
      };
    default:
      throw new Error(`There are no credentials of the kind ${Kind satisfies never}.`);
  }
}

function given(name: keyof SetCredentials, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new Refusal('INVALID_PARAMETERS', `Not enough parameters given. Please set ${name}.`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Git is told user and password on one line each. */
function oneLine(name: keyof SetCredentials, value: string | undefined): string {
  const text = given(name, value);
  if (!CONTROL.test(text)) return text;
  throw new Refusal('INVALID_PARAMETERS', `${name} holds a line break or another control character: give one line.`);
}

const PEM = /^-----BEGIN ((?:[A-Z0-9]+ )*)PRIVATE KEY-----\n([\s\S]+)\n-----END \1PRIVATE KEY-----\n*$/;

/** ssh reads lines that end in a line feed, the last one too. */
function parsePrivateKey(text: string): string {
  const key = textFile(text);
  const [, type, body] = PEM.exec(key) ?? [];
  if (type === undefined || body === undefined) {
    throw new Refusal('INVALID_PARAMETERS', 'PrivateKey is not a private key in PEM or OpenSSH format.');
  }
  if (!hasPassphrase(type, body)) return key;
  const message = 'PrivateKey has a passphrase, for which nobody could be asked: give a key without one.';
  throw new Refusal('INVALID_PARAMETERS', message);
}

/** PEM says so in words; OpenSSH names the cipher after its magic: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key */
function hasPassphrase(type: string, body: string): boolean {
  if (type === 'ENCRYPTED ' || /^Proc-Type:.*ENCRYPTED/m.test(body)) return true;
  if (type !== 'OPENSSH ') return false;
  return !Buffer.from(body, 'base64').subarray(0, 40).includes('\0\0\0\u0004none', 0, 'latin1');
}

function textFile(text: string): string {
  return `${text.replace(/\r\n?/g, '\n').trim()}\n`;
}
