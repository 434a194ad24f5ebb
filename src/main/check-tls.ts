import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** The two files of `tlsCert` and `tlsKey`, as absolute paths. */
export interface TlsFiles {
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

/** What keeps a server from speaking TLS with these files: a sentence each, which names the file. */
export async function checkTls({ certFile, keyFile }: TlsFiles): Promise<readonly string[]> {
  if (certFile === undefined && keyFile === undefined) return [];
  if (certFile === undefined) return ['tlsKey is given and tlsCert is not; give both for TLS, or neither.'];
  if (keyFile === undefined) return ['tlsCert is given and tlsKey is not; give both for TLS, or neither.'];
  const cert = await readPem('tlsCert', certFile, 'a certificate in PEM', (pem) => new X509Certificate(pem));
  const key = await readPem('tlsKey', keyFile, 'a private key in PEM without a passphrase', readKey);
  const mistakes = [cert, key].filter((read) => typeof read === 'string');
  if (typeof cert === 'string' || typeof key === 'string') return mistakes;
  if (!cert.content.checkPrivateKey(key.content)) {
    return [`tlsKey is '${keyFile}'; accepted is the private key of the certificate in '${certFile}'.`];
  }
  return checkTogether(certFile, cert.pem, key.pem);
}

/** What is wrong with a file of certificates, in a sentence. @param path none where the setting is not given */
export async function checkCertificates(name: string, path: string | undefined): Promise<readonly string[]> {
  if (path === undefined) return [];
  const read = await readPem(name, path, 'certificates in PEM', (pem) => new X509Certificate(pem));
  return typeof read === 'string' ? [read] : [];
}

interface ReadPem<T> {
  readonly pem: Buffer;
  readonly content: T;
}

/** @returns what is wrong, where the file is not one that can be used */
async function readPem<T>(
  name: string,
  path: string,
  accepted: string,
  parse: (pem: Buffer) => T,
): Promise<ReadPem<T> | string> {
  let pem: Buffer;
  try {
    pem = await readFile(path);
  } catch {
    return `${name} is '${path}'; accepted is the path of a file that can be read.`;
  }
  try {
    return { pem, content: parse(pem) };
  } catch {
    return `${name} is '${path}'; accepted is the path of a file with ${accepted}.`;
  }
}

/** Node would ask the terminal for the passphrase of an encrypted key, were none given. */
function readKey(pem: Buffer): KeyObject {
  return createPrivateKey({ key: pem, passphrase: '' });
}

/** A chain may be broken further down, and a key too short for today. */
function checkTogether(certFile: string, cert: Buffer, key: Buffer): readonly string[] {
  try {
    createSecureContext({ cert, key });
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error:[^ ]*:/, '') : String(error);
    return [`tlsCert is '${certFile}' and cannot be served with its key: ${reason}.`];
  }
}
