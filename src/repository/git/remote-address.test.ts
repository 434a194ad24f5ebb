import assert from 'node:assert/strict';
import { it } from 'node:test';
import { hideCredentials } from '../../domain/credentials-in-text.ts';
import { RepositoryError } from '../repository.ts';
import { parseRemoteAddress, submoduleAddress, withCredentials } from './remote-address.ts';

const GOOD: Readonly<Record<string, readonly [transport: string, url: string, shown: string]>> = {
  '/srv/app.git': ['file', '/srv/app.git', '/srv/app.git'],
  ' /srv/app.git ': ['file', '/srv/app.git', '/srv/app.git'],
  'file:///srv/app.git': ['file', 'file:///srv/app.git', 'file:///srv/app.git'],
  'git://host:9418/app.git': ['git', 'git://host:9418/app.git', 'git://host:9418/app.git'],
  'ssh://git@host:22/app.git': ['ssh', 'ssh://git@host:22/app.git', 'ssh://host:22/app.git'],
  'git@host:team/app.git': ['ssh', 'git@host:team/app.git', 'host:team/app.git'],
  'https://host/app.git': ['http', 'https://host/app.git', 'https://host/app.git'],
  'https://me:secret@host/app.git': ['http', 'https://host/app.git', 'https://host/app.git'],
  'ssh://me:secret@host/app.git': ['ssh', 'ssh://me@host/app.git', 'ssh://host/app.git'],
};

for (const [text, [transport, url, shown]] of Object.entries(GOOD)) {
  it(`reads the address ${text}`, () => {
    const address = parseRemoteAddress(text);
    assert.deepEqual([address.transport, address.url, address.shown], [transport, url, shown]);
  });
}

const BAD = [
  '',
  '-upload-pack=touch /tmp/x',
  '--upload-pack=x',
  'ext::sh -c touch% /tmp/x',
  'EXT::x',
  'fd::17',
  'foo+bar::x',
  'ssh://-oProxyCommand=x/app',
  '-oProxyCommand=x:app',
  'git@-oProxyCommand=x:app',
  'ftp://host/app',
  'relative/app.git',
  './app.git',
  'file://host/app.git',
  'ssh:///app.git',
  'https://host/a\nb',
  'https://me:%0a@host/app.git',
  'https://me:%zz@host/app.git',
  'javascript:alert(1)\u0000',
];

for (const text of BAD) {
  it(`refuses the address ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseRemoteAddress(text),
      (error) => error instanceof RepositoryError && error.kind === 'bad-address',
    );
  });
}

it('keeps user and password apart from the address, decoded', () => {
  const { credentials } = parseRemoteAddress('https://m%40e:s3cret%2F@host/app.git');
  assert.deepEqual(credentials, { username: 'm@e', password: 's3cret/' });
});

it('shows no password of an address that it refuses', () => {
  assert.throws(
    () => parseRemoteAddress('ftp://me:secret@host/app.git'),
    (error) => error instanceof Error && !error.message.includes('secret'),
  );
});

const SUBMODULES = [
  ['https://host/team/app.git', '../lib.git', 'https://host/team/lib.git'],
  ['https://host/team/app.git/', './lib.git', 'https://host/team/app.git/lib.git'],
  ['https://host/team/app.git', '../../other/lib.git', 'https://host/other/lib.git'],
  ['git@host:team/app.git', '../lib.git', 'git@host:team/lib.git'],
  ['git@host:app.git', '../lib.git', 'git@host:lib.git'],
  ['/srv/git/app.git', '../lib.git', '/srv/git/lib.git'],
  ['/srv/git/app.git', '/srv/other.git', '/srv/other.git'],
  ['/srv/git/app.git', 'https://host/lib.git', 'https://host/lib.git'],
] as const;

for (const [parent, text, url] of SUBMODULES) {
  it(`resolves ${text} in ${parent}`, () => {
    assert.equal(submoduleAddress(parseRemoteAddress(parent), text).url, url);
  });
}

it('never lets a repository from the network include one from this machine', () => {
  const parent = parseRemoteAddress('https://host/app.git');
  for (const text of ['/srv/app.git', 'file:///srv/app.git', 'ext::x', '-x']) {
    assert.throws(() => submoduleAddress(parent, text), RepositoryError);
  }
});

it('passes credentials on to the same host alone', () => {
  const parent = parseRemoteAddress('https://me:secret@host/app.git');
  assert.deepEqual(submoduleAddress(parent, '../lib.git').credentials, { username: 'me', password: 'secret' });
  assert.equal(submoduleAddress(parent, 'https://other/lib.git').credentials, undefined);
  assert.equal(submoduleAddress(parent, 'http://host/lib.git').credentials, undefined);
});

it('takes credentials out of any text', () => {
  const text = "fatal: unable to access 'https://me:sec@ret@host/app.git': no";
  assert.equal(hideCredentials(text), "fatal: unable to access 'https://host/app.git': no");
});

it('gives an address what the app has of its own, where it fits the transport', () => {
  const own = { kind: 'password', username: 'app', password: 'own' } as const;
  const http = parseRemoteAddress('https://me:secret@host/app.git');
  assert.deepEqual(withCredentials(http, own).credentials, { username: 'app', password: 'own' });
  assert.deepEqual(withCredentials(http, { kind: 'token', token: 't' }).credentials, {
    username: 'pat',
    password: 't',
  });
  assert.deepEqual(withCredentials(http, undefined), http);
  const key = { kind: 'ssh-key', privateKey: 'k', knownHosts: undefined } as const;
  assert.deepEqual(withCredentials(http, key), http);
  for (const other of ['git://host/app.git', '/srv/app.git', 'git@host:app.git']) {
    assert.equal(withCredentials(parseRemoteAddress(other), own).credentials, undefined);
  }
});

it('uses an ssh key for the same host and port alone', () => {
  const key = { kind: 'ssh-key', privateKey: 'k', knownHosts: undefined } as const;
  const parent = withCredentials(parseRemoteAddress('git@host:team/app.git'), key);
  assert.ok(parent.sshKey);
  for (const same of ['../lib.git', 'ssh://git@HOST/lib.git', 'ssh://host:22/lib.git', 'other@host:lib.git']) {
    assert.ok(submoduleAddress(parent, same).sshKey, same);
  }
  for (const other of ['git@other:lib.git', 'ssh://host:2222/lib.git', 'https://host/lib.git']) {
    assert.equal(submoduleAddress(parent, other).sshKey, undefined, other);
  }
});
