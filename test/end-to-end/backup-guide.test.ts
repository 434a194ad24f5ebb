import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { listBlocks } from '../support/page-blocks.ts';
import { call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { openShell } from '../support/shell.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GUIDE = new URL('../../docs/backup-and-restore.md', import.meta.url);
const MARK = 'run by test/end-to-end/backup-guide.test.ts';

/** Folders of the page, each in the place of one of the test's own. */
const PLACES = ['/var/lib/slipway', '/etc/slipway', '/usr/local/bin', '/backup', '/tmp/slipway-drill'];

test('every example of docs/backup-and-restore.md does what it says, beside a server and after it', async (t) => {
  const folder = await temporaryFolder(t);
  const placed = (text: string) =>
    text.replaceAll(new RegExp(`(?<![\\w/])(?:${PLACES.join('|')})(?![\\w-])`, 'g'), `${folder}$&`);
  for (const place of PLACES.slice(0, 4)) await mkdir(join(folder, place), { recursive: true });
  const { bin, run: runScript } = await openShell(folder, {}, join(folder, '/usr/local/bin'));
  const run = (script: string) => runScript(placed(script));
  // The other machine is a folder.
  await mkdir(join(folder, 'other'));
  await writeFile(join(bin, 'ssh'), `#!/bin/sh\ncd '${folder}/other' && exec sh -c "$2"\n`, { mode: 0o755 });
  await writeFile(join(folder, '/etc/slipway/backup.pass'), 'correct horse battery staple\n');

  const data = join(folder, '/var/lib/slipway/data');
  const server = await startServerProcess(data);
  t.after(() => server.end('SIGKILL'));
  const source = await makeTestRepository(join(folder, 'source.git'));
  const [revision = ''] = await source.commit([{ branch: 'main', files: { 'a.txt': 'a' } }]);
  const ask = (path: string, body?: unknown, url = server.url) =>
    call(url, body === undefined ? 'GET' : 'POST', path, body, server.admin);
  await ask('/manage/1/apps', { AppId: 'calc', Repository: source.path, MainBranch: 'main' });
  const started = await ask('/api/1/apps/calc/packages', { Revision: revision, Version: '1.0.0' });
  const path = `/api/1/apps/calc/packages/${started.body.PackageId}`;
  const built = await until('it is built', async () => {
    const { body } = await ask(`${path}?wait=5`);
    return body.Status === 'Succeeded' && body;
  });

  const blocks = listBlocks(await readFile(GUIDE, 'utf8')).filter(({ mark }) => mark?.startsWith(MARK) ?? false);
  assert.equal(blocks.length, 9);
  for (const { mark, text } of blocks) {
    if (mark?.endsWith('as /usr/local/bin/slipway-nightly')) {
      await writeFile(join(bin, 'slipway-nightly'), placed(text), { mode: 0o755 });
      await run('slipway-nightly');
      const names = await readdir(join(folder, 'backup'));
      assert.ok(
        names.some((name) => /^slipway-\d{8}-\d{6}\.tar$/.test(name)),
        names.join(),
      );
      continue;
    }
    if (mark?.endsWith('the server stopped')) assert.equal(await server.end('SIGTERM'), 0);
    const { stdout } = await run(text);
    if (text.includes('doctor')) assert.match(stdout, /✔ packages +1 of 1 are sound/);
  }

  for (const restored of [data, join(folder, '/var/lib/slipway/restored'), join(folder, 'data')]) {
    const next = await startServerProcess(restored);
    t.after(() => next.end('SIGKILL'));
    const { body } = await ask(path, undefined, next.url);
    assert.deepEqual([body.Status, body.Sha256], ['Succeeded', built.Sha256]);
    await next.end('SIGTERM');
  }
});
