import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBranch } from '../../domain/branch-name.ts';
import { RepositoryError } from '../repository.ts';
import { parseSvnAddress } from './svn-address.ts';
import { parseExternals } from './svn-externals.ts';
import { layoutOf, placesOf } from './svn-layout.ts';
import { parseLog } from './svn-log.ts';
import { proxyLines } from './svn-proxy.ts';
import { findRealm, isRealmOf } from './svn-realm.ts';
import { findAll, parseSvnXml, textAt } from './svn-xml.ts';
import { readUpdateOutput } from './update-output.ts';

test('addresses are read into what svn is given, without a password', () => {
  const cases: [string, string, string][] = [
    ['/srv/svn/ä b@2/', 'file:///srv/svn/%C3%A4%20b%402', 'file'],
    ['file://localhost/srv/a%20b', 'file:///srv/a%20b', 'file'],
    ['svn://host:3690/app/', 'svn://host:3690/app', 'svn'],
    ['svn+ssh://me@host/srv/app', 'svn+ssh://me@host/srv/app', 'ssh'],
    ['https://me:s%40cret@host/svn/app', 'https://host/svn/app', 'http'],
  ];
  for (const [text, url, transport] of cases) {
    const address = parseSvnAddress(text);
    assert.deepEqual([address.url, address.transport], [url, transport], text);
  }
  const { credentials, shown } = parseSvnAddress('https://me:s%40cret@host/svn/app');
  assert.deepEqual([credentials, shown], [{ username: 'me', password: 's@cret' }, 'https://host/svn/app']);
});

test('addresses that are none, that look like options, or would start a program, are refused', () => {
  const texts = [
    '',
    'app',
    '-oProxyCommand=x',
    'svn+rsh://host/app',
    'svn://-x/app',
    'svn+ssh://-x@host/a',
    'git://h/a',
  ];
  for (const text of [...texts, 'https://host/a\nb', 'file://host/a', 'https://host/a?b', 'file:///%zz']) {
    assert.throws(
      () => parseSvnAddress(text),
      (error) => error instanceof RepositoryError && error.kind === 'bad-address',
      text,
    );
  }
});

test('every spelling of a branch leads to its folder, and none out of the layout', () => {
  const layout = layoutOf({ Trunk: '/product/main/' }, undefined);
  const places = (text: string | undefined) => placesOf(layout, parseBranch(text)).map(({ path }) => path);
  assert.deepEqual(places(undefined), ['product/main']);
  assert.deepEqual(places('Main line'), ['branches/Main line', 'product/main']);
  assert.deepEqual(places('product/main'), ['branches/product/main', 'product/main']);
  assert.deepEqual(places('branches/a b@2'), ['branches/a b@2']);
  for (const text of ['../trunk', 'a//b', 'a/../../b', './a', 'branches/..', 'a\u0000'])
    assert.deepEqual(places(text), [], text);
});

test('the XML of svn is read, whole or broken off', () => {
  const text = '<?xml version="1.0"?>\n<a>\n<b\n   c="1 &lt;&#x2f;"/>\n<d>x &amp; &#228;</d><e>cut';
  const root = parseSvnXml(text);
  assert.deepEqual(findAll(root, 'b')[0]?.attributes, { c: '1 </' });
  assert.equal(textAt(root, 'a', 'd'), 'x & ä');
  assert.equal(textAt(root, 'a', 'none'), '');
});

test('a proxy of the environment is told to svn, for the scheme of the address, with what it is not for', () => {
  const lines = (environment: Record<string, string>, address = 'https://host/app') =>
    proxyLines(environment, parseSvnAddress(address));
  const http_proxy = 'http://us%20er:p%40ss@proxy:80';
  const https_proxy = 'proxy.example.com';
  assert.deepEqual(lines({ http_proxy, https_proxy }), [
    'http-proxy-host = proxy.example.com',
    'http-proxy-port = 1080',
  ]);
  assert.deepEqual(lines({ http_proxy, no_proxy: '.example.com, h' }, 'http://host/app'), [
    'http-proxy-host = proxy',
    'http-proxy-port = 80',
    'http-proxy-username = us er',
    'http-proxy-password = p@ss',
    'http-proxy-exceptions = example.com, *.example.com, h, *.h',
  ]);
  for (const none of [{ http_proxy }, { https_proxy, no_proxy: '*' }, { https_proxy: 'socks5://proxy:1' }]) {
    assert.deepEqual(lines(none), []);
  }
  assert.deepEqual(lines({ http_proxy, https_proxy }, 'svn://host/app'), []);
  assert.deepEqual(lines({ https_proxy: 'http://a%0ab:c@proxy' })[2], 'http-proxy-username = ab');
});

test('a realm is of the address only where scheme, host and port are', () => {
  const realm = findRealm('Authentication realm: <https://host:443> Our <b> sources\nPassword for me: svn: E070014');
  assert.equal(realm, '<https://host:443> Our <b> sources');
  const isOf = (text: string, address: string) => isRealmOf(text, parseSvnAddress(address));
  assert.ok(isOf('<https://host:443> x', 'https://HOST/app') && isOf('<svn://h:3690> x', 'svn://h/app'));
  assert.ok(isOf('<http://::1:80> x', 'http://[::1]/app') && isOf('<http://h:81> x', 'http://h:81/app'));
  for (const other of ['<http://host:443> x', '<https://host:444> x', '<https://host.evil:443> x', 'host']) {
    assert.ok(!isOf(other, 'https://host/app'), other);
  }
});

test('a log is read with messages that look like a part of it', () => {
  const rule = '-'.repeat(72);
  const text = [
    rule,
    'r12 | Richard | Ford | 2026-11-24 14:16:44 +0100 (Tue, 24 Nov 2026) | 3 lines',
    '',
    rule,
    'r1 | x | 2026-01-01 00:00:00 +0000 (Thu, 01 Jan 2026) | 1 line',
    'three',
    rule,
    'r3 | (no author) | (no date) | 1 line',
    '',
    '',
    rule,
    '',
  ].join('\n');
  const [first, second, ...others] = parseLog(text);
  assert.deepEqual([first?.revision, first?.author], [12, 'Richard | Ford']);
  assert.equal(first?.committedAt, Date.UTC(2026, 10, 24, 13, 16, 44));
  assert.match(first?.message ?? '', /^-+\nr1 .*\nthree$/);
  assert.deepEqual(second, { revision: 3, author: '', committedAt: 0, message: '' });
  assert.deepEqual(others, []);
});

test('what an update says is read in any pieces, and what it never said before is no part of it', () => {
  const read = (text: string) => {
    const { add, end } = readUpdateOutput('/srv/wc');
    for (const byte of Buffer.from(text)) add(Buffer.of(byte));
    return end();
  };
  const said = "Updating 'srv/wc':\nD    srv/wc/d\nA    srv/wc/d/ä b@2\n U   srv/wc\nUpdated to revision 7.\n";
  assert.deepEqual(read(said), {
    removed: new Set(['d']),
    touched: new Set(['d/ä b@2', '']),
    isWhole: true,
    isMoved: false,
  });
  for (const odd of ['   C srv/wc/d', "Restored 'srv/wc/a'", 'U    elsewhere/a'])
    assert.ok(!read(`${odd}\n`).isWhole, odd);
  assert.ok(read("Redirecting to URL 'file:///srv/x':\n").isMoved);
});

test('externals are read in both of their formats, however they are quoted', () => {
  const text =
    '# a comment\n^/shared lib\nold -r 5 svn://host/x\n-r3 "http://host/a b"@4 c\n../up d\n//host/y e\n\nf\\i"le":///srv/z f\n';
  const urls = parseExternals(text, '').map(({ url }) => url);
  assert.deepEqual(urls, ['^/shared', 'svn://host/x', 'http://host/a', '../up', '//host/y', 'file:///srv/z']);
});
