import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { runSlipway, startSlipway } from '../support/run-slipway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('the first start of serve makes the login admin, prints its key once, and keeps it for its owner alone', async (context) => {
  const folder = await temporaryFolder(context);
  const first = startSlipway(context, folder, ['serve', '--port', '0']);
  await first.untilPrinted('Next, in another terminal');
  const keyFile = join(folder, 'data', 'admin.key');
  const key = (await readFile(keyFile, 'utf8')).trim();
  assert.match(key, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
  assert.ok(first.printed().includes(key));
  first.process.kill('SIGTERM');
  const { code, stderr } = await first.ended;
  assert.equal(code, 0);
  assert.match(stderr, /Stopped\.\n$/);

  const second = startSlipway(context, folder, ['serve', '--json', '--port', '0']);
  await second.untilPrinted('}');
  const { Url: url, AdminKey } = JSON.parse((second.printed().match(/\{[^}]*\}/) ?? [''])[0]);
  assert.equal(AdminKey, null);
  const variables = { SLIPWAY_URL: url, SLIPWAY_USERNAME: 'admin', SLIPWAY_API_KEY: key };
  assert.equal((await runSlipway(context, folder, ['user', 'list'], variables)).code, 0);
  const doctor = await runSlipway(context, folder, ['doctor'], variables);
  assert.match(doctor.stdout, /✔ server +http:\/\/127\.0\.0\.1:\d+ answers, and knows you as admin/);
  second.process.kill('SIGINT');
  assert.equal((await second.ended).code, 0);
});

test('all mistakes of the configuration are reported at once, and nothing is started', async (context) => {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, 'slipway.config.yaml'), 'buildSlot: 2\nlinkTtl: soon\n');
  const args = ['serve', '--port', '70000'];
  const { code, stdout, stderr } = await runSlipway(context, folder, args, { SLIPWAY_CACHE_SIZE: 'big' });
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.deepEqual(stderr.trim().split('\n'), [
    'The configuration has 4 mistakes:',
    "slipway.config.yaml, line 1: there is no setting 'buildSlot'. Did you mean 'buildSlots'?",
    "port is '70000' (from --port); accepted is a whole number from 0 to 65535.",
    "linkTtl is 'soon' (from slipway.config.yaml, line 2); accepted is a duration from 1s to 30d, such as '900s' or '1h'; a bare number is seconds.",
    "cacheSize is 'big' (from SLIPWAY_CACHE_SIZE); accepted is a size such as '500MiB' or '2GiB'; a bare number is bytes.",
  ]);
  await assert.rejects(stat(join(folder, 'data')));
});

test('a port that is taken is said to be so, with what to do', async (context) => {
  const folder = await temporaryFolder(context);
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  context.after(() => other.close());
  const address = other.address();
  const port = address !== null && typeof address === 'object' ? String(address.port) : '';
  const { code, stderr } = await runSlipway(context, folder, ['demo', '--port', port]);
  assert.equal(code, 2);
  assert.match(
    stderr,
    new RegExp(`^127\\.0\\.0\\.1 port ${port} is in use by another program\\. Choose another with --port`),
  );
  const doctor = await runSlipway(context, folder, ['doctor', '--json', '--port', port]);
  const findings: { name: string; state: string }[] = JSON.parse(doctor.stdout);
  assert.equal(findings.find(({ name }) => name === 'port')?.state, 'note');
});

test('doctor exits with its own code where something is missing', async (context) => {
  const folder = await temporaryFolder(context);
  const { code, stdout } = await runSlipway(context, folder, ['doctor', '--port', '0'], { PATH: '/nowhere' });
  assert.equal(code, 8);
  assert.match(stdout, /✖ git +not found\n +Install git/);
});
