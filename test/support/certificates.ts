import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate that vouches for itself, and its private key: PEM files, made for one test. */
export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Makes a certificate for 127.0.0.1 and localhost, valid for a day. */
export async function makeCertificate(folder: string, name: string): Promise<TestCertificate> {
  const certFile = join(folder, `${name}-cert.pem`);
  const keyFile = join(folder, `${name}-key.pem`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', keyFile];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-days', '1'];
  await run('openssl', ['req', '-x509', ...key, ...names, '-out', certFile]);
  return { certFile, keyFile };
}

/** The same key under a passphrase. @returns the file */
export async function encryptKey(keyFile: string): Promise<string> {
  const encrypted = keyFile.replace(/\.pem$/, '-encrypted.pem');
  await run('openssl', ['pkey', '-in', keyFile, '-aes256', '-passout', 'pass:secret', '-out', encrypted]);
  return encrypted;
}
