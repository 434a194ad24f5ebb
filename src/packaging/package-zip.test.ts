import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { noise } from '../../test/support/made-content.ts';
import { type CraftedMember, craftZip, makeMendixPackage, makeZip, storeBlob } from '../../test/support/make-zip.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { BlobError } from '../blob/blob-store.ts';
import { openDiskBlobStore } from '../blob/disk-blob-store.ts';
import { PackageUnreadable } from './package-unreadable.ts';
import { openPackageZip, type PackageZip } from './package-zip.ts';
import { endRecords } from './zip-records.ts';

const METADATA = { RuntimeVersion: '10.6.3.1', ModelVersion: '1.2.3.4', JavaVersion: 17 };

test('a package of our own is read back, content by content', async (t) => {
  const large = Buffer.concat([noise(700_000, 'a'), Buffer.alloc(2_000_000, 'a')]);
  const zip = await opened(t, await makeZip({ 'a/large': large, 'a/small': 'small', empty: '' }));
  assert.deepEqual(await contents(zip), { 'a/large': large, 'a/small': Buffer.from('small'), empty: Buffer.alloc(0) });
});

test('the directory may be gone through again, and entries be read in any order and at once', async (t) => {
  const zip = await opened(t, await makeZip({ a: 'first', b: 'second', c: 'third' }));
  const entries = await Array.fromAsync(zip.entries());
  assert.deepEqual(await Array.fromAsync(zip.entries()), entries);
  const read = entries.toReversed().map(async (entry) => String(await buffer(await zip.open(entry))));
  assert.deepEqual(await Promise.all(read), ['third', 'second', 'first']);
});

test('zip64 fields, data descriptors, stored members and folders are read as any other', async (t) => {
  const zip = await craftedZip(t, [
    { name: 'folder/' },
    { name: 'folder/' },
    { name: 'folder/zip64', content: 'of sixty-four bits', isZip64: true },
    { name: 'streamed', content: 'described behind', hasDescriptor: true },
    { name: 'stored', content: 'as it is', method: 0 },
  ]);
  const paths = (await Array.fromAsync(zip.entries())).map(({ kind, path }) => `${kind} ${path}`);
  assert.deepEqual(paths, ['folder folder', 'folder folder', 'file folder/zip64', 'file streamed', 'file stored']);
  const read = Object.values(await contents(zip)).map(String);
  assert.deepEqual(read, ['', 'of sixty-four bits', 'described behind', 'as it is']);
});

test('a zip that ends in zip64 records is read', async (t) => {
  const zip = craftZip([{ name: 'a', content: 'behind large records' }]);
  const directory = { offset: zip.readUInt32LE(zip.length - 6), sizeBytes: zip.readUInt32LE(zip.length - 10) };
  // The two records of a zip64 end come first; those of a zip with 65,535 members are written whatever its size.
  const ends = endRecords({ ...directory, entries: 0xffff });
  ends.writeBigUInt64LE(1n, 24);
  ends.writeBigUInt64LE(1n, 32);
  const large = await opened(t, Buffer.concat([zip.subarray(0, -22), ends]));
  assert.deepEqual(await contents(large), { a: Buffer.from('behind large records') });
});

test('links and executables are told apart, on the word of a Unix host', async (t) => {
  const zip = await craftedZip(t, [
    { name: 'link', content: '../elsewhere', mode: 0o120777 },
    { name: 'run.sh', mode: 0o100755 },
    { name: 'folder', mode: 0o040755 },
    { name: 'plain', mode: 0 },
  ]);
  const found = (await Array.fromAsync(zip.entries())).map(({ path, kind, isExecutable }) => ({
    path,
    kind,
    isExecutable,
  }));
  assert.deepEqual(found, [
    { path: 'link', kind: 'symlink', isExecutable: true },
    { path: 'run.sh', kind: 'file', isExecutable: true },
    { path: 'folder', kind: 'folder', isExecutable: true },
    { path: 'plain', kind: 'file', isExecutable: false },
  ]);
});

test('a backslash is a separator, as it is to those who write it', async (t) => {
  const zip = await craftedZip(t, [{ name: 'model\\metadata.json', content: JSON.stringify(METADATA) }]);
  assert.equal((await zip.readMetadata())?.modelVersion, '1.2.3.4');
});

const REFUSED: readonly (readonly [string, readonly CraftedMember[], RegExp])[] = [
  ['an absolute name', [{ name: '/etc/passwd' }], /absolute path: \/etc\/passwd/],
  ['the name of a drive', [{ name: 'C:\\boot.ini' }], /absolute path/],
  ['a name that leads out', [{ name: 'a/../../b' }], /invalid relative path/],
  ['one that does so by backslashes', [{ name: 'a\\..\\..\\b' }], /invalid relative path/],
  ['a name with an empty part', [{ name: 'a//b' }], /'a\/\/b' is not that of a file below/],
  ['a name with a dot for a part', [{ name: './a' }], /is not that of a file below/],
  ['no name', [{ name: '' }], /is not that of a file below/],
  ['a name with a zero byte', [{ name: 'a\0.txt' }], /has a zero byte/],
  ['a name that is too long', [{ name: `${'a/'.repeat(2047)}ab` }], /is too long/],
  ['a name with a part that is too long', [{ name: 'a'.repeat(256) }], /has a part of more than 255 bytes/],
  ['two members of one name', [{ name: 'a' }, { name: 'b' }, { name: 'a' }], /'a' stands in it twice/],
  ['two names that mean one path', [{ name: 'a/b' }, { name: 'a\\b' }], /'a\/b' stands in it twice/],
  ['a file where a folder is', [{ name: 'a/b' }, { name: 'a' }], /'a' stands in it twice/],
  ['a folder where a file is', [{ name: 'a' }, { name: 'a/' }], /'a' stands in it twice/],
  ['a file below a link', [{ name: 'a', mode: 0o120777 }, { name: 'a/b/c' }], /'a' is a file, and 'a\/b\/c' below it/],
  ['a device', [{ name: 'null', mode: 0o020666 }], /neither a file nor a folder nor a link/],
  ['an encrypted member', [{ name: 'a', flags: 1 }], /'a' is encrypted/],
  ['a method that few can read', [{ name: 'a', method: 9 }], /'a' is packed by method 9/],
  ['a stored member of two sizes', [{ name: 'a', method: 0, content: 'abc', sizeBytes: 4 }], /size mismatch/],
];

for (const [what, members, message] of REFUSED) {
  test(`a package with ${what} is refused`, async (t) => {
    const zip = await craftedZip(t, members);
    await assert.rejects(Array.fromAsync(zip.entries()), refusal(message));
  });
}

const DAMAGED: readonly (readonly [string, CraftedMember, RegExp])[] = [
  [
    'more bytes than it says',
    { name: 'a', content: Buffer.alloc(9_000_000), sizeBytes: 100 },
    /more than the 100 bytes/,
  ],
  ['fewer bytes than it says', { name: 'a', content: 'abc', sizeBytes: 5 }, /2 bytes fewer than it says/],
  ['another checksum', { name: 'a', content: 'abc', crc32: 1 }, /the checksum of 'a' is wrong/],
  ['bytes that end in the middle', { name: 'a', content: noise(5000, 'a'), packedBytes: 2000 }, /cannot be inflated/],
  ['a place behind the end', { name: 'a', content: noise(3000, 'a'), packedBytes: 3100 }, /reaches beyond the end/],
  ['a place where no member is', { name: 'a', content: 'abc', offset: 3 }, /is not where its directory says/],
  ['a place beyond all', { name: 'a', offset: 0xffff_fff0 }, /is not where its directory says/],
];

for (const [what, member, message] of DAMAGED) {
  test(`a member with ${what} is listed, and fails when it is read`, async (t) => {
    const zip = await craftedZip(t, [member]);
    const [entry] = await Array.fromAsync(zip.entries());
    assert.ok(entry);
    await assert.rejects(zip.open(entry).then(buffer), refusal(message));
  });
}

test('paths with more folders than any package has are refused', async (t) => {
  const deep = Array.from({ length: 120 }, (_, at) => ({ name: `${at}/${'a/'.repeat(2000)}` }));
  const zip = await craftedZip(t, deep);
  await assert.rejects(Array.fromAsync(zip.entries()), refusal(/it has more than 200000 folders/));
});

test('members that share their bytes are refused before these are inflated for each of them', async (t) => {
  const shared = { packedBytes: 3000, offset: 0 };
  const zip = await craftedZip(t, [
    { name: 'a', content: noise(3000, 'a') },
    { name: 'b', ...shared },
    { name: 'c', ...shared },
  ]);
  const read: string[] = [];
  const list = async () => {
    for await (const { path } of zip.entries()) read.push(path);
  };
  await assert.rejects(list(), refusal(/its members overlap/));
  assert.deepEqual(read, ['a']);
});

test('a bomb is cut short: no more comes out of it than it said', async (t) => {
  const zip = await craftedZip(t, [{ name: 'bomb', content: Buffer.alloc(50_000_000), sizeBytes: 200_000 }]);
  const [entry] = await Array.fromAsync(zip.entries());
  assert.ok(entry);
  let sizeBytes = 0;
  const read = async () => {
    for await (const chunk of await zip.open(entry)) sizeBytes += chunk.length;
  };
  await assert.rejects(read(), PackageUnreadable);
  assert.ok(sizeBytes <= 200_000, `${sizeBytes} bytes came out`);
});

test('a package that was cut off anywhere is refused', async (t) => {
  const whole = await makeMendixPackage(METADATA);
  for (const sizeBytes of [0, 10, 21, 22, 100, whole.length - 60, whole.length - 1]) {
    const zip = await opened(t, whole.subarray(0, sizeBytes));
    await assert.rejects(
      Array.fromAsync(zip.entries()),
      refusal(/it is no zip, or a damaged one/),
      `${sizeBytes} bytes`,
    );
  }
});

test('a directory that ends before its count does is refused, and so is a count beyond all', async (t) => {
  const short = await opened(t, craftZip([{ name: 'a' }], { entries: 2 }));
  await assert.rejects(Array.fromAsync(short.entries()), refusal(/it is no zip, or a damaged one/));
  const ends = endRecords({ entries: 200_001, offset: 0, sizeBytes: 0 });
  ends.writeBigUInt64LE(200_001n, 32);
  ends.writeUInt16LE(0xffff, ends.length - 12);
  ends.writeUInt32LE(0xffff_ffff, ends.length - 6);
  const many = await opened(t, ends);
  await assert.rejects(Array.fromAsync(many.entries()), refusal(/more than 200000 members/));
});

test('metadata is read wherever it stands, and a package without it has none', async (t) => {
  const zip = await opened(t, await makeMendixPackage(METADATA, { 'a.txt': 'before', 'z.txt': 'behind' }));
  const metadata = await zip.readMetadata();
  assert.deepEqual(
    [metadata?.runtimeVersion, metadata?.modelVersion, metadata?.javaVersion],
    ['10.6.3.1', '1.2.3.4', 17],
  );
  assert.equal(await (await opened(t, await makeZip({ 'a.txt': 'no app of Mendix' }))).readMetadata(), undefined);
});

test('metadata of more than four megabytes is not read', async (t) => {
  const zip = await opened(t, await makeMendixPackage({ ...METADATA, Filler: 'x'.repeat(5_000_000) }));
  await assert.rejects(zip.readMetadata(), refusal(/its model\/metadata.json has 50\d+ bytes/));
});

test('a blob that is not there is an error of the blob store, not of the package', async (t) => {
  const blobs = await openDiskBlobStore(join(await temporaryFolder(t), 'blobs'));
  const zip = openPackageZip(blobs, 'gone', 1000);
  await assert.rejects(Array.fromAsync(zip.entries()), BlobError);
  await assert.rejects(zip.readMetadata(), BlobError);
});

test('a stream that is destroyed has given up the blob', async (t) => {
  const zip = await opened(t, await makeZip({ 'a/large': noise(3_000_000, 'a') }));
  const [entry] = await Array.fromAsync(zip.entries());
  assert.ok(entry);
  const stream = await zip.open(entry);
  await once(stream, 'readable');
  stream.destroy();
  await once(stream, 'close');
  assert.equal(stream.errored, null);
});

function refusal(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof PackageUnreadable, String(error));
    assert.match(error.message, message);
    return true;
  };
}

async function contents(zip: PackageZip): Promise<Record<string, Buffer>> {
  const found: Record<string, Buffer> = {};
  for await (const entry of zip.entries()) found[entry.path] = await buffer(await zip.open(entry));
  return found;
}

function craftedZip(t: TestContext, members: readonly CraftedMember[]): Promise<PackageZip> {
  return opened(t, craftZip(members));
}

async function opened(t: TestContext, bytes: Buffer): Promise<PackageZip> {
  const blobs = await openDiskBlobStore(join(await temporaryFolder(t), 'blobs'));
  await storeBlob(blobs, 'package.1.a', bytes);
  return openPackageZip(blobs, 'package.1.a', bytes.length);
}
