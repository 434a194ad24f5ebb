import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { packMxbuildArchive } from '../../../test/support/mxbuild/archive.ts';
import { startMirror } from '../../../test/support/mxbuild/mirror.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { until } from '../../../test/support/until.ts';
import { BuildFailure } from '../../domain/failure.ts';
import { type MendixVersion, parseMendixVersion } from '../../domain/mendix-version.ts';
import { toolchainSource } from './obtain-toolchain.ts';
import { openToolchains } from './toolchains.ts';

const V10: MendixVersion = parseMendixVersion('10.12.3.41523') ?? assert.fail();
const MIB = 1024 * 1024;
const signal = () => new AbortController().signal;
const quiet = () => undefined;
const NOT_HERE = `MxBuild ${V10} is not on this server. `;
const MENDED_BY = ` Get mxbuild-${V10}.tar.gz and run: slipway toolchain add mxbuild-${V10}.tar.gz`;
/** Whether a reason names the version and the command that mends it. @param why what stands between them */
const isMissing = (why: RegExp) => (error: unknown) =>
  error instanceof BuildFailure &&
  error.code === 'toolchain-missing' &&
  error.message.startsWith(NOT_HERE) &&
  error.message.endsWith(MENDED_BY) &&
  why.test(error.message.slice(NOT_HERE.length, -MENDED_BY.length));

/** Toolchains without any, the archive of one, and what gets it from a mirror. */
async function setUp(t: TestContext, mostBytes = 64 * MIB, path = process.env.PATH ?? '') {
  const folder = await temporaryFolder(t);
  const archive = join(folder, `mxbuild-${V10}.tar.gz`);
  await packMxbuildArchive(archive, randomBytes(2 * MIB).toString('base64'));
  const kept = join(folder, 'toolchains');
  const toolchains = openToolchains({ folder: kept, path, mostBytes });
  const source = (mirror: string | undefined) => toolchainSource({ toolchains, mirror, reportEveryMs: 0 });
  return {
    folder,
    bytes: await readFile(archive),
    toolchains,
    source,
    from: (mirror: string | undefined) => source(mirror).obtain,
    leftovers: () => readdir(kept),
  };
}

test('builds that need a version at once share one download of it, and each is told how it is doing', async (t) => {
  const { bytes, toolchains, from } = await setUp(t);
  const isAsked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const half = bytes.length >> 1;
  const mirror = await startMirror(t, async (response) => {
    response.setHeader('Content-Length', bytes.length);
    isAsked.resolve();
    response.write(bytes.subarray(0, half));
    await goOn.promise;
    response.end(bytes.subarray(half));
  });
  const obtain = from(mirror.address);
  const lines: Record<string, string[]> = { first: [], second: [], third: [] };
  const start = (name: string, of = signal()) => obtain(V10, (line) => lines[name]?.push(line), of);
  const canceled = new AbortController();
  const first = start('first', canceled.signal);
  await isAsked.promise;
  const others = [start('second'), start('third')];
  await until('all wait', () => lines.second?.[0] !== undefined && lines.third?.[0] !== undefined);
  canceled.abort(new Error('canceled'));
  await assert.rejects(first, /canceled/);
  const toldFirst = lines.first?.length;
  goOn.resolve();
  assert.deepEqual(new Set(await Promise.all(others)), new Set([await toolchains.find(V10)]));
  assert.deepEqual(mirror.asked, [`/mxbuild-${V10}.tar.gz`]);
  assert.match(lines.first?.[0] ?? '', /^Fetching MxBuild 10\.12\.3\.41523 from http:\/\/.*\.tar\.gz\.$/);
  assert.equal(lines.first?.length, toldFirst, 'a build that has ended is told nothing');
  for (const told of [lines.second ?? [], lines.third ?? []]) {
    assert.equal(told[0], 'MxBuild 10.12.3.41523 is being fetched already, for another build.');
    assert.deepEqual(told.slice(-2), ['2 MB of 2 MB fetched.', 'MxBuild 10.12.3.41523 is here.']);
  }
});

test('an answer that breaks off, or is shorter than it says, leaves nothing, and the next build fetches anew', async (t) => {
  const { bytes, from, leftovers } = await setUp(t);
  let answers = 0;
  const mirror = await startMirror(t, (response) => {
    answers += 1;
    if (answers === 3) return response.end(bytes);
    if (answers === 1) response.setHeader('Content-Length', bytes.length + 1);
    return response.write(answers === 1 ? bytes : bytes.subarray(0, 100), () => response.socket?.end());
  });
  const obtain = from(mirror.address);
  for (const where of [`\\d+ of ${bytes.length + 1}`, '100']) {
    await assert.rejects(
      obtain(V10, quiet, signal()),
      isMissing(new RegExp(`tar\\.gz broke off after ${where} bytes \\(other side closed\\)\\.$`)),
    );
    assert.deepEqual(await leftovers(), []);
  }
  await obtain(V10, quiet, signal());
  assert.deepEqual(await leftovers(), [V10]);
});

test('an answer without end is fetched no further than an MxBuild may be large', async (t) => {
  const { bytes, from, leftovers } = await setUp(t, MIB);
  const given = Promise.withResolvers<unknown>();
  const mirror = await startMirror(t, async (response) => {
    given.resolve(once(response, 'close'));
    const tar = gunzipSync(bytes);
    while (response.writable) {
      if (!response.write(tar)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
  });
  await assert.rejects(from(mirror.address)(V10, quiet, signal()), isMissing(/larger than 1048576 bytes\.$/));
  await given.promise;
  assert.deepEqual(await leftovers(), []);
});

test('a download that nobody waits for any more ends with the source, and leaves nothing', async (t) => {
  const { bytes, source, leftovers } = await setUp(t);
  for (const given of [0, 1000]) {
    let closed: Promise<unknown> | undefined;
    const mirror = await startMirror(t, (response) => {
      closed = once(response, 'close');
      if (given > 0) response.write(bytes.subarray(0, given));
    });
    const { obtain, close } = source(mirror.address);
    const canceled = new AbortController();
    const lines: string[] = [];
    const waiting = obtain(V10, (line) => lines.push(line), canceled.signal);
    await until('it is under way', () => closed !== undefined && lines.length > Math.sign(given));
    canceled.abort(new Error('canceled'));
    await assert.rejects(waiting, /canceled/);
    await close();
    await closed;
    assert.deepEqual(await leftovers(), []);
  }
});

test('a version that is nowhere is said to be missing, with the command that mends it', async (t) => {
  const { folder, from } = await setUp(t);
  const none = await startMirror(t, (response) => response.writeHead(404).end('no such file'));
  const reasons = new Map<string | undefined, RegExp>([
    [undefined, /^No mirror is configured\.$/],
    [join(folder, 'none', '{version}.tar.gz'), /^There is no file .*none\/10\.12\.3\.41523\.tar\.gz\.$/],
    ['http://127.0.0.1:1/{version}', /^http:\/\/127\.0\.0\.1:1\/10\.12\.3\.41523 cannot be fetched \(.+\)\.$/],
    [none.address, /^http.*tar\.gz answers 404\.$/],
  ]);
  for (const [mirror, reason] of reasons) {
    await assert.rejects(from(mirror)(V10, quiet, signal()), isMissing(reason));
  }
});

test('an archive of the mirror that is damaged, or no MxBuild, is named with the command that mends it', async (t) => {
  const { folder, bytes, from, leftovers } = await setUp(t);
  const refuses = async (archive: Uint8Array, reason: RegExp) => {
    const file = join(folder, `made-${V10}.tar.gz`);
    await writeFile(file, archive);
    const mirror = await startMirror(t, (response) => response.end(archive));
    for (const address of [join(folder, 'made-{version}.tar.gz'), mirror.address])
      await assert.rejects(from(address)(V10, quiet, signal()), isMissing(reason));
    assert.deepEqual(await leftovers(), []);
  };
  await refuses(bytes.subarray(0, 100), /tar\.gz cannot be unpacked: unexpected end of file\.$/);
  await refuses(Buffer.from('no archive'), /tar\.gz cannot be unpacked: This does not look like a tar archive\.$/);
  const emptyTar = Buffer.alloc(10_240);
  await refuses(emptyTar, /tar\.gz is no archive of MxBuild 10\.12\.3\.41523: it has no 'modeler\/mxbuild'\.$/);
});

test("where 'tar' is missing, the version is named, and how to get 'tar'", async (t) => {
  const { folder, from } = await setUp(t, MIB, '/no-programs');
  const reason = `${NOT_HERE}An MxBuild is unpacked with 'tar', which is not found: 'apt-get install tar'.`;
  await assert.rejects(from(join(folder, 'mxbuild-{version}.tar.gz'))(V10, quiet, signal()), {
    code: 'toolchain-missing',
    message: reason,
  });
});

test("a user and a password in the mirror's address are told to nobody", async (t) => {
  const { from } = await setUp(t);
  const lines: string[] = [];
  const mirror = 'http://user:s3cret@127.0.0.1:1/{version}';
  const failed = from(mirror)(V10, (line) => lines.push(line), signal());
  // As of the address itself, so of what says why it cannot be fetched.
  const shown = 'http://127\\.0\\.0\\.1:1/10\\.12\\.3\\.41523';
  await assert.rejects(failed, isMissing(new RegExp(`^${shown} cannot be fetched \\(.*: ${shown}\\)\\.$`)));
  assert.deepEqual(lines, [`Fetching MxBuild ${V10} from http://127.0.0.1:1/${V10}.`]);
});

test('a folder of archives is a mirror as well', async (t) => {
  const { folder, from, toolchains } = await setUp(t);
  const lines: string[] = [];
  const obtain = from(join(folder, 'mxbuild-{version}.tar.gz'));
  assert.equal(await obtain(V10, (line) => lines.push(line), signal()), await toolchains.find(V10));
  assert.match(lines.join(), /^Fetching MxBuild .* from \/.*\.tar\.gz\.,MxBuild 10\.12\.3\.41523 is here\.$/);
});
