import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../domain/refusal.ts';
import { isAllowedAddress } from './allowed-address.ts';
import { parseWebhookUrl } from './webhook-url.ts';

const refuses = (url: string, words: RegExp, networks: readonly string[] = []) =>
  assert.throws(
    () => parseWebhookUrl(url, networks),
    (error) => error instanceof Refusal && error.code === 'INVALID_PARAMETERS' && words.test(error.message),
    url,
  );

test('addresses of the web are taken as they are given', () => {
  for (const url of [
    'https://hooks.example.com',
    'http://example.com:8080/a?b=c',
    'https://93.184.216.34/',
    'https://[2606:4700::1]/',
    'https://example.com./',
  ]) {
    assert.equal(parseWebhookUrl(url, []), url);
  }
});

test('what is no address of the web, or carries a password, is refused', () => {
  for (const url of [
    'example.com',
    'ftp://example.com',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://me:pass@example.com',
    'https://me@example.com',
    'https://example.com#x',
    'https://example.com\r\nX: y',
    'http://[fe80::1%25eth0]/',
    `https://example.com/${'a'.repeat(2000)}`,
    '',
  ]) {
    refuses(url, /^The url is '.*': give one that begins with http/);
  }
});

test('an address that a webhook may not reach is refused, however it is spelled', () => {
  for (const host of [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.0.0.1.',
    '１２７.0.0.1',
    '%31%32%37.0.0.1',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'api.localhost',
    '0.0.0.0',
    '10.1.2.3',
    '169.254.169.254',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[fd00:ec2::254]',
  ]) {
    refuses(`http://${host}:8080/`, /^The url leads to .*, which webhooks may not reach: .*SLIPWAY_WEBHOOK_NETWORKS/);
  }
});

test('what the operator allows is taken', () => {
  assert.ok(parseWebhookUrl('http://localhost:1/', ['127.0.0.1']));
  assert.ok(parseWebhookUrl('http://10.2.0.1/', ['::1', '10.2.0.0/16']));
  assert.ok(parseWebhookUrl('http://[::ffff:10.2.0.1]/', ['10.2.0.0/16']));
  assert.ok(parseWebhookUrl('http://[::1]/', ['10.2.0.0/16', '0:0:0:0:0:0:0:1']));
  refuses('http://10.3.0.1/', /10\.3\.0\.1/, ['::1', '10.2.0.0/16']);
});

test('only addresses of the public internet are allowed', () => {
  for (const address of [
    ...['0.1.2.3', '10.0.0.1', '100.64.0.1', '100.100.100.200', '127.8.8.8', '169.254.169.254', '172.16.0.1'],
    ...['172.31.255.255', '192.0.0.192', '192.0.2.1', '192.168.1.1', '198.18.0.1', '198.51.100.1', '203.0.113.1'],
    ...['224.0.0.1', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
    ...['::', '::1', '::127.0.0.1', '::ffff:10.0.0.1', '64:ff9b::10.0.0.1', '64:ff9b:1::1', '2002:0a00:0001::1'],
    ...['2001::1', '2001:db8::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%lo', 'fec0::1', 'ff02::1', '100::1'],
    ...['5f00::1', '4000::1', 'nonsense', ''],
  ]) {
    assert.ok(!isAllowedAddress(address, []), address);
  }
  for (const address of ['1.1.1.1', '172.32.0.1', '100.128.0.1', '::ffff:1.1.1.1', '2606:4700::1111']) {
    assert.ok(isAllowedAddress(address, []), address);
  }
});
