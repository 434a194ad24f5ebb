import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { pino } from 'pino';
import { CommandFailure, type ExitReason } from '../../src/cli/exit-codes.ts';
import { openSqliteConnection } from '../../src/database/sqlite/sqlite-connection.ts';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import { startServer } from '../../src/main/server.ts';
import { startServerOrExplain } from '../../src/main/start-or-explain.ts';
import { runSlipway } from '../support/run-slipway.ts';
import { testConfiguration } from '../support/server.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Starts a server that cannot start. */
async function refuses(dataFolder: string, reason: ExitReason, sentence: RegExp): Promise<void> {
  await assert.rejects(startServerOrExplain(testConfiguration(dataFolder)), (error) => {
    assert.ok(error instanceof CommandFailure, String(error));
    assert.match(error.message, sentence);
    assert.equal(error.reason, reason);
    return true;
  });
}

test('a database that is none is said to be damaged, in one line', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(
    join(folder, 'slipway.db'),
    'this is no database at all, and long enough to be read as one '.repeat(99),
  );
  const { code, stdout, stderr } = await runSlipway(t, folder, ['serve', '--port', '0', '--data', '.']);
  assert.match(
    stderr,
    /^The database .*slipway\.db is damaged, or none of Slipway's: restore a backup into another folder.*\n$/,
  );
  assert.equal(stdout, '');
  assert.equal(code, 8);
});

test('a database whose pages are damaged is said to be so', async (t) => {
  const folder = await temporaryFolder(t);
  await (await openSqliteDatabase(join(folder, 'slipway.db'))).close();
  const file = join(folder, 'slipway.db');
  const connection = openSqliteConnection(file, 'write');
  connection.exec('pragma wal_checkpoint(truncate)');
  connection.close();
  const bytes = await readFile(file);
  await writeFile(file, bytes.fill(0xff, 100));
  await refuses(folder, 'checkFailed', /^The database .*slipway\.db is damaged/);
});

test('a database of a newer version is left alone', async (t) => {
  const folder = await temporaryFolder(t);
  const database = await openSqliteDatabase(join(folder, 'slipway.db'));
  await database.transaction(async (queries) => {
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '')`.execute(queries);
  });
  await database.close();
  await refuses(
    folder,
    'usage',
    /^The database .* was changed by a newer version of Slipway: install that version again/,
  );
});

test('a data folder that is a file, or lies in one, is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'file');
  await writeFile(file, '');
  await refuses(file, 'usage', /^The data folder .*\/file cannot be made, for there is a file at .*: choose another/);
  await refuses(join(file, 'data'), 'usage', /^The data folder .*\/file\/data cannot be made/);
});

test('a data folder that cannot be written is refused', async (t) => {
  const disk = await mountSmallDisk(t, 1);
  if (disk === undefined) return;
  await mkdir(join(disk.folder, 'data'));
  await writeFile(join(disk.folder, 'data', 'lock'), '');
  await promisify(execFile)('mount', ['-o', 'remount,ro', disk.folder]);
  await refuses(
    join(disk.folder, 'data'),
    'usage',
    /^The data folder .*\/data cannot be read and written by this user/,
  );
  await refuses(join(disk.folder, 'new'), 'usage', /^.*\/new.* cannot be read and written by this user/);
});

test('a start that fails late leaves nothing open: the next one on the same folder succeeds', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'mirrors'), 'where a folder should be');
  const configuration = testConfiguration(folder);
  const logger = pino({ level: 'silent' });
  await assert.rejects(startServer(configuration, logger), { code: 'EEXIST' });
  assert.deepEqual(await openFiles(folder), []);
});

/** The files below a folder that this process has open; Linux alone tells. */
async function openFiles(folder: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ls', ['-l', `/proc/${process.pid}/fd`]);
  return stdout.split('\n').filter((line) => line.includes(folder));
}

test('an archive whose name tells no version is refused with the option that does', async (t) => {
  const folder = await temporaryFolder(t);
  const { code, stderr } = await runSlipway(t, folder, ['toolchain', 'add', 'other.tar.gz', '--data', folder]);
  assert.equal(code, 2);
  assert.match(stderr, /^The name 'other\.tar\.gz' does not tell the version of Mendix: give it with --mendix/);
});

async function takePort(t: { after(work: () => unknown): void }): Promise<number> {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  return (other.address() as AddressInfo).port;
}

test('a start that fails on its port leaves it to the next one to show the key of admin', async (t) => {
  const configuration = testConfiguration(await temporaryFolder(t));
  const port = await takePort(t);
  await assert.rejects(startServerOrExplain({ ...configuration, port }), /is in use by another program/);
  const server = await startServerOrExplain(configuration);
  await server.stop();
  assert.ok(server.adminKey);
});

test('a port for metrics that is in use is said to be that, and the server ends', async (t) => {
  const port = await takePort(t);
  const args = ['serve', '--port', '0', '--metrics-port', String(port)];
  const { code, stderr } = await runSlipway(t, await temporaryFolder(t), args);
  assert.match(
    stderr,
    new RegExp(`^127\\.0\\.0\\.1 port ${port} is in use by another program. Choose another with --metrics-port`),
  );
  assert.equal(code, 2);
});
