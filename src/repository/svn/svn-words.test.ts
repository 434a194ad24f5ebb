import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBranch } from '../../domain/branch-name.ts';
import { RepositoryError } from '../repository.ts';
import { parseSvnAddress } from './svn-address.ts';
import { parseExternals } from './svn-externals.ts';
import { layoutOf, placesOf } from './svn-layout.ts';
import { findAll, parseSvnXml, textAt } from './svn-xml.ts';

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
  const layout = layoutOf({ Trunk: '/work/main/' }, undefined);
  const places = (text: string | undefined) => placesOf(layout, parseBranch(text)).map(({ path }) => path);
  assert.deepEqual(places(undefined), ['work/main']);
  assert.deepEqual(places('Main line'), ['branches/Main line', 'work/main']);
  assert.deepEqual(places('work/main'), ['branches/work/main', 'work/main']);
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

test('externals are read in both of their formats, however they are quoted', () => {
  const text =
    '# a comment\n^/shared lib\nold -r 5 svn://host/x\n-r3 "http://host/a b"@4 c\n../up d\n//host/y e\n\nf\\i"le":///srv/z f\n';
  const urls = parseExternals(text, '').map(({ url }) => url);
  assert.deepEqual(urls, ['^/shared', 'svn://host/x', 'http://host/a', '../up', '//host/y', 'file:///srv/z']);
});
