import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { runSlipway, startSlipway } from '../support/run-slipway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const READY = 'the next start finds everything again';

test('the demo builds its sample apps, and its curl lines work when pasted; a second start finds everything', async (context) => {
  const folder = await temporaryFolder(context);
  const first = startSlipway(context, folder, ['demo', '--port', '0']);
  await first.untilPrinted(READY);
  const printed = first.printed();
  assert.match(printed, /Package +Main line-1\.0\.0\.[0-9a-f]{8}\.mda/);
  assert.match(printed, /Status +Succeeded/);
  const sha256 = /SHA256 +([0-9a-f]{64})/.exec(printed)?.[1];

  const [list = '', build = '', download = '', buildOnSubversion = ''] = printed.match(/^ {2}curl .*$/gm) ?? [];
  const packages = JSON.parse(await paste(folder, list));
  assert.equal(packages.length, 1);
  assert.match(JSON.parse(await paste(folder, build)).PackageId, /^[0-9a-f-]{36}$/);
  assert.match(printed, /The app legacy is on Subversion; its package is Main line-1\.0\.0\.6\.mda/);
  assert.match(JSON.parse(await paste(folder, buildOnSubversion)).PackageId, /^[0-9a-f-]{36}$/);
  await paste(folder, download);
  const file = await readFile(join(folder, packages[0].Name));
  assert.equal(createHash('sha256').update(file).digest('hex'), sha256);
  assert.equal((await stat(join(folder, 'data', 'demo.json'))).mode & 0o777, 0o600);
  first.process.kill('SIGINT');
  assert.equal((await first.ended).code, 0);

  const second = startSlipway(context, folder, ['demo', '--port', '0']);
  await second.untilPrinted(READY);
  const key = /Mendix-ApiKey: (\S+)'/;
  assert.equal(key.exec(second.printed())?.[1], key.exec(printed)?.[1]);
  const [listAgain = ''] = second.printed().match(/^ {2}curl .*$/gm) ?? [];
  assert.equal(JSON.parse(await paste(folder, listAgain)).length, 2);
  second.process.kill('SIGTERM');
  assert.equal((await second.ended).code, 0);

  const doctor = ['doctor', '--verify', '--port', '0'];
  assert.match((await runSlipway(context, folder, doctor)).stdout, /✔ packages +4 of 4 are sound/);
  await damageOnePackage(join(folder, 'data', 'packages'));
  const damaged = await runSlipway(context, folder, doctor);
  assert.equal(damaged.code, 8);
  assert.match(damaged.stdout, /✖ package +\S.*: wrong SHA-256/);
});

test('without svn the demo has one app, and says why and how to get the other; a start with svn makes it', async (context) => {
  const folder = await temporaryFolder(context);
  const bin = join(folder, 'bin');
  await mkdir(bin);
  for (const program of ['git', 'sh']) {
    await symlink((await paste(folder, `command -v ${program}`)).trim(), join(bin, program));
  }
  const start = async (variables = {}) => {
    const demo = startSlipway(context, folder, ['demo', '--port', '0'], variables);
    await demo.untilPrinted(READY);
    demo.process.kill('SIGINT');
    const { code, stdout } = await demo.ended;
    assert.equal(code, 0);
    return stdout;
  };
  const alone = await start({ PATH: bin });
  assert.equal(alone.match(/^ {2}curl .*$/gm)?.length, 3);
  assert.doesNotMatch(alone, /legacy/);
  assert.match(
    alone,
    /^There is no app on Subversion \(svn: not found\)\. For one, install it \('apt-get install subversion', 1\.10\.0 or newer\) and start again\.$/m,
  );
  const both = await start();
  assert.match(both, /^The app legacy is on Subversion; its package is Main line-1\.0\.0\.6\.mda\./m);
  assert.doesNotMatch(both, /There is no app/);
});

async function paste(folder: string, line: string): Promise<string> {
  return (await promisify(execFile)('sh', ['-c', line], { cwd: folder })).stdout;
}

/** Changes a byte of one stored package and keeps its size. */
async function damageOnePackage(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const entry = entries.find((candidate) => candidate.isFile());
  assert.ok(entry);
  const path = join(entry.parentPath, entry.name);
  const bytes = await readFile(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await writeFile(path, bytes);
}
