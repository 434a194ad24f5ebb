import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLinkSigner } from './link-signer.ts';

const links = createLinkSigner(Buffer.alloc(32, 1));
const target = { packageId: '4ee10492-6cfc-4582-b825-a9040c0988ad', fileName: 'Main line/ü.mda' };
const url = new URL(links.sign(target, 1000), 'http://localhost');
const signature = url.searchParams.get('signature') ?? '';

test('a link holds what it leads to, and is recognised', () => {
  const [, , packageId, fileName = ''] = url.pathname.split('/');
  assert.equal(packageId, target.packageId);
  assert.equal(decodeURIComponent(fileName), target.fileName);
  assert.equal(url.searchParams.get('expires'), '1000');
  assert.ok(links.isGenuine(target, 1000, signature));
});

test('whatever is changed, or signed elsewhere, is not', () => {
  assert.ok(!links.isGenuine({ ...target, packageId: 'other' }, 1000, signature));
  assert.ok(!links.isGenuine({ ...target, fileName: 'other' }, 1000, signature));
  assert.ok(!links.isGenuine(target, 1001, signature));
  assert.ok(!links.isGenuine(target, Number.NaN, signature));
  for (const other of ['', 'x', signature.slice(1), `${signature}AAAA`])
    assert.ok(!links.isGenuine(target, 1000, other));
  assert.ok(!createLinkSigner(Buffer.alloc(32, 2)).isGenuine(target, 1000, signature));
});

test('another spelling of the same signature is a changed one', () => {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const others = [...digits].map((digit) => signature.slice(0, -1) + digit).filter((other) => other !== signature);
  for (const other of [...others, `${signature}=`, ` ${signature}`]) {
    assert.ok(!links.isGenuine(target, 1000, other), other);
  }
});
