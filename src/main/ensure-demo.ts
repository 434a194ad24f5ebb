import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure } from '../cli/exit-codes.ts';
import { ifThere } from '../files/file-errors.ts';
import { type Client, createClient } from '../protocol/client.ts';
import { ClientError } from '../protocol/client-error.ts';
import type { CreateApp } from '../protocol/manage.ts';
import { writeSecretFile } from './secret-file.ts';
import type { RunningServer } from './server.ts';

const DEMO_LOGIN = 'demo@example.com';

/** Credentials of the demo's user. */
export interface DemoUser {
  readonly username: string;
  readonly apiKey: string;
}

/**
 * Sees to it that the demo's user, its key, its apps and its rights are there, through the server's own HTTP API. What
 * is there already stays: it may be called on every start, and again after one that was cut short.
 */
export async function ensureDemo(
  server: RunningServer,
  dataFolder: string,
  apps: readonly CreateApp[],
): Promise<DemoUser> {
  const file = join(dataFolder, 'demo.json');
  const known = await readDemoUser(file);
  const seen = known === undefined ? [] : await seenApps(createClient({ url: server.url, ...known }), apps);
  if (known !== undefined && seen.length === apps.length) return known;
  const admin = createClient({ url: server.url, username: 'admin', apiKey: await readAdminKey(server, dataFolder) });
  await unlessThere(admin.createUser({ Login: DEMO_LOGIN, Name: 'Demo User' }));
  for (const app of apps.filter((one) => !seen.includes(one))) {
    await unlessThere(admin.createApp(app));
    await admin.grantApiRights(app.AppId, DEMO_LOGIN);
  }
  // Who sees one of the apps has a good key.
  if (known !== undefined && seen.length > 0) return known;
  const { Key: apiKey } = await admin.createKey(DEMO_LOGIN, { Name: 'Demo' });
  const user = { username: DEMO_LOGIN, apiKey };
  await writeSecretFile(file, `${JSON.stringify(user, undefined, 2)}\n`);
  return user;
}

async function seenApps(client: Client, apps: readonly CreateApp[]): Promise<readonly CreateApp[]> {
  const seen = await Promise.all(apps.map(({ AppId }) => sees(client, AppId)));
  return apps.filter((_, at) => seen[at]);
}

/** Whether the user has a valid key, and rights to the app. */
async function sees(client: Client, app: string): Promise<boolean> {
  try {
    await client.listPackages(app);
    return true;
  } catch (error) {
    if (error instanceof ClientError && error.status !== undefined && error.status < 500) return false;
    throw error;
  }
}

async function unlessThere(creating: Promise<unknown>): Promise<void> {
  try {
    await creating;
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'ALREADY_EXISTS') throw error;
  }
}

async function readDemoUser(file: string): Promise<DemoUser | undefined> {
  const text = await ifThere(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  const { username, apiKey } = JSON.parse(text);
  return typeof username === 'string' && typeof apiKey === 'string' ? { username, apiKey } : undefined;
}

async function readAdminKey(server: RunningServer, dataFolder: string): Promise<string> {
  const file = join(dataFolder, 'admin.key');
  const key = server.adminKey ?? (await ifThere(readFile(file, 'utf8')))?.trim();
  if (key !== undefined) return key;
  const message = `${file} is missing, and the demo needs the key of admin. Choose another folder with --data <folder>.`;
  throw new CommandFailure('usage', 'NO_ADMIN_KEY', message);
}
