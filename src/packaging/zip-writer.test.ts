import assert from 'node:assert/strict';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { readZip } from '../../test/support/read-zip.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { runZipTool } from '../../test/support/zip-tools.ts';
import { CoalescingWriter } from './coalescing-writer.ts';
import type { PackedMember } from './member.ts';
import { ZipWriter } from './zip-writer.ts';

const GIB = 2 ** 30;
const ZEROS = Buffer.alloc(2 ** 20);

test('members beyond 4 GiB, and behind them, are read by every tool that is here', async (t) => {
  const path = join(await temporaryFolder(t), 'large.zip');
  const file = await open(path, 'wx+');
  const sizeBytes = await writeSparsely(file, async (output) => {
    const zip = new ZipWriter(output, Date.UTC(2024, 0, 1));
    await zip.add({ path: 'a.txt', mode: 'file' }, stored('first'));
    await zip.add({ path: 'b.bin', mode: 'file' }, zeros(4 * GIB));
    await zip.add({ path: 'c.txt', mode: 'executable' }, stored('behind 4 GiB'));
    await zip.add({ path: 'd.bin', mode: 'file' }, zeros(1024));
    await zip.finish();
  });
  const readAt = async (offset: number, size: number) =>
    (await file.read(Buffer.alloc(size), 0, size, offset)).buffer.subarray(0, size);
  const members = await readZip({ sizeBytes, readAt });
  assert.deepEqual(
    members.map((member) => [member.name, member.sizeBytes, member.offset > 4 * GIB]),
    [
      ['a.txt', 5, false],
      ['b.bin', 4 * GIB, false],
      ['c.txt', 12, true],
      ['d.bin', 1024, true],
    ],
  );
  assert.equal(String(await members[2]?.content()), 'behind 4 GiB');
  await file.close();
  const python = "import sys,zipfile; sys.stdout.write(zipfile.ZipFile(sys.argv[1]).read('c.txt').decode())";
  for (const tool of [runZipTool('unzip', '-p', path, 'c.txt'), runZipTool('python3', '-c', python, path)]) {
    if (tool !== undefined) assert.equal(tool.stdout, 'behind 4 GiB', tool.stderr);
  }
});

test('sizes get their zip64 fields exactly from where 32 bits end', async () => {
  for (const sizeBytes of [0xffff_fffe, 0xffff_ffff, 0x1_0000_0000]) {
    const tail: Buffer[] = [];
    const output = new CoalescingWriter(async (block) => {
      tail.splice(0, tail.length - 1);
      tail.push(Buffer.from(block));
    });
    const zip = new ZipWriter(output, 0);
    await zip.add({ path: 'a', mode: 'file' }, { ...zeros(1024), sizeBytes, method: 'deflated' });
    await zip.finish();
    await output.flush();
    const [member] = await readZip(Buffer.concat(tail));
    assert.equal(member?.sizeBytes, sizeBytes);
  }
});

test('members out of order, or twice, are a mistake', async () => {
  const zip = new ZipWriter(new CoalescingWriter(async () => undefined), 0);
  await zip.add({ path: 'b', mode: 'file' }, stored(''));
  for (const path of ['b', 'a', 'B']) await assert.rejects(zip.add({ path, mode: 'file' }, stored('')), /not behind/);
  await zip.add({ path: '\uffff', mode: 'file' }, stored(''));
  await zip.add({ path: '\u{10000}', mode: 'file' }, stored(''));
});

test('a body that is not as long as it said is a mistake', async () => {
  const zip = new ZipWriter(new CoalescingWriter(async () => undefined), 0);
  const member = { ...stored('12345'), packedBytes: 4 };
  await assert.rejects(zip.add({ path: 'a', mode: 'file' }, member), /the 4 bytes it said/);
});

function stored(text: string): PackedMember {
  const body = Buffer.from(text);
  return { method: 'stored', crc32: crc32(body), sizeBytes: body.length, packedBytes: body.length, body };
}

/** The checksum is right for the small ones alone: nobody reads the others. */
function zeros(sizeBytes: number): PackedMember {
  const blocks = Math.ceil(sizeBytes / ZEROS.length);
  const read = async function* () {
    for (let at = 0; at < blocks; at++) yield ZEROS.subarray(0, sizeBytes - at * ZEROS.length);
  };
  const checksum = sizeBytes > ZEROS.length ? 0 : crc32(ZEROS.subarray(0, sizeBytes));
  return { method: 'stored', crc32: checksum, sizeBytes, packedBytes: sizeBytes, body: { read } };
}

/** Leaves holes in the file where a block is nothing but zeros. @returns the file's size */
async function writeSparsely(file: FileHandle, write: (output: CoalescingWriter) => Promise<void>): Promise<number> {
  let at = 0;
  const output = new CoalescingWriter(async (block) => {
    if (!ZEROS.subarray(0, block.length).equals(block)) await file.write(block, 0, block.length, at);
    at += block.length;
  });
  await write(output);
  await output.flush();
  return at;
}
