import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';

/** Who vouches for servers besides those that the machine trusts, in files as git and svn want them. */
export interface Authorities {
  /** Everybody's certificates: git takes one file in place of the machine's. */
  readonly bundle: string;
  /** One certificate each: svn reads no more of a file, and trusts the machine's besides. */
  readonly each: readonly string[];
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Writes the certificates of a file down again for git and svn.
 *
 * @param folder where to
 * @param file in PEM, with any number of certificates
 */
export function writeAuthorities(folder: string, file: string): Authorities {
  const own = readFileSync(file, 'utf8').match(CERTIFICATE) ?? [];
  const write = (name: string, texts: readonly string[]) => {
    const path = join(folder, name);
    writeFileSync(path, texts.map((text) => `${text.trim()}\n`).join(''), { mode: 0o600 });
    return path;
  };
  const bundle = write('authorities.pem', [...getCACertificates('system'), ...own]);
  return { bundle, each: own.map((text, at) => write(`authority-${at}.pem`, [text])) };
}
