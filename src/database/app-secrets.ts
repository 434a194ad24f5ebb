import { SETTINGS_PARTS, type SettingsPart } from '../domain/environment-settings.ts';
import type { Queries } from './database.ts';
import { putEnvironmentSettings } from './environment-settings.ts';
import { updateEnvironment } from './environments.ts';
import { deletePushSecret, replacePushSecret } from './push-secrets.ts';
import type { AppSecretRow } from './schema.ts';
import { updateWebhook, WEBHOOK_SECRET_PARTS, type WebhookSecretPart } from './webhooks.ts';

/** The secrets of an app, sealed, by name. */
export function listAppSecrets(queries: Queries, appKey: string): Promise<AppSecretRow[]> {
  return queries.selectFrom('app_secrets').selectAll().where('app_id', '=', appKey).orderBy('name').execute();
}

/** Writes a secret, in place of one of the same name. */
export async function putAppSecret(queries: Queries, secret: AppSecretRow): Promise<void> {
  const { value, changed_at } = secret;
  await queries
    .insertInto('app_secrets')
    .values(secret)
    .onConflict((conflict) => conflict.columns(['app_id', 'name']).doUpdateSet({ value, changed_at }))
    .execute();
}

/** @returns whether there was one */
export async function deleteAppSecret(queries: Queries, appKey: string, name: string): Promise<boolean> {
  const result = await queries
    .deleteFrom('app_secrets')
    .where('app_id', '=', appKey)
    .where('name', '=', name)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Something sealed, wherever it is kept. */
export interface SealedText {
  readonly appKey: string;
  /** For people: of an app that was deleted, its key. */
  readonly appId: string;
  /** undefined for what is no secret of the app. */
  readonly name: string | undefined;
  /** Whose they are: options of its target, or its settings; undefined for what is the app's. */
  readonly environmentId?: string | undefined;
  /** Which settings of the environment; undefined for the options of its target. */
  readonly settings?: SettingsPart | undefined;
  /** Whose they are, and what they are; undefined for what is no webhook's. */
  readonly webhook?: { readonly id: string; readonly part: WebhookSecretPart } | undefined;
  /** Whether it is what pushes to the app are signed with. */
  readonly isPushSecret?: boolean | undefined;
  readonly sealed: string;
}

/** Everything that is sealed, of every app. */
export async function listSealed(queries: Queries): Promise<SealedText[]> {
  const apps = await queries
    .selectFrom('apps')
    .select(['id', 'app_id', 'credentials'])
    .where('credentials', 'is not', null)
    .execute();
  const secrets = await queries
    .selectFrom('app_secrets')
    .innerJoin('apps', 'apps.id', 'app_secrets.app_id')
    .select(['apps.id', 'apps.app_id', 'app_secrets.name', 'value'])
    .execute();
  const environments = await queries
    .selectFrom('environments')
    .innerJoin('apps', 'apps.id', 'environments.app_id')
    .select(['apps.id', 'apps.app_id', 'environments.id as environment_id', 'target_options'])
    .where('target_options', 'is not', null)
    .execute();
  return [
    ...(await listSealedOfPushes(queries)),
    ...(await listSealedOfWebhooks(queries)),
    ...(await listSealedSettings(queries)),
    ...environments.map(({ id, app_id, environment_id, target_options }) => ({
      appKey: id,
      appId: app_id,
      name: undefined,
      environmentId: environment_id,
      sealed: target_options ?? '',
    })),
    ...apps.map(({ id, app_id, credentials }) => ({
      appKey: id,
      appId: app_id,
      name: undefined,
      sealed: credentials ?? '',
    })),
    ...secrets.map(({ id, app_id, name, value }) => ({ appKey: id, appId: app_id, name, sealed: value })),
  ];
}

async function listSealedSettings(queries: Queries): Promise<SealedText[]> {
  const rows = await queries
    .selectFrom('environment_settings')
    .innerJoin('environments', 'environments.id', 'environment_settings.environment_id')
    .innerJoin('apps', 'apps.id', 'environments.app_id')
    .select(['apps.id', 'apps.app_id', 'environment_id', ...SETTINGS_PARTS])
    .execute();
  return rows.flatMap(({ id, app_id, environment_id, ...parts }) =>
    SETTINGS_PARTS.flatMap((settings) => {
      const sealed = parts[settings];
      const place = { appKey: id, appId: app_id, name: undefined, environmentId: environment_id, settings };
      return sealed === null ? [] : [{ ...place, sealed }];
    }),
  );
}

async function listSealedOfPushes(queries: Queries): Promise<SealedText[]> {
  const rows = await queries
    .selectFrom('push_secrets')
    .innerJoin('apps', 'apps.id', 'push_secrets.app_id')
    .select(['apps.id', 'apps.app_id', 'secrets'])
    .execute();
  return rows.map(({ id, app_id, secrets }) => ({
    appKey: id,
    appId: app_id,
    name: undefined,
    isPushSecret: true,
    sealed: secrets,
  }));
}

async function listSealedOfWebhooks(queries: Queries): Promise<SealedText[]> {
  const rows = await queries
    .selectFrom('webhooks')
    .innerJoin('apps', 'apps.id', 'webhooks.app_id')
    .select(['apps.id', 'apps.app_id', 'webhooks.id as webhook_id', ...WEBHOOK_SECRET_PARTS])
    .execute();
  return rows.flatMap(({ id, app_id, webhook_id, ...parts }) =>
    WEBHOOK_SECRET_PARTS.flatMap((part) => {
      const sealed = parts[part];
      const place = { appKey: id, appId: app_id, name: undefined, webhook: { id: webhook_id, part } };
      return sealed === null || sealed === '' ? [] : [{ ...place, sealed }];
    }),
  );
}

/** Puts something sealed anew in the place of what was there. */
export async function replaceSealed(
  queries: Queries,
  { appKey, name, environmentId, settings, webhook, isPushSecret, sealed }: Omit<SealedText, 'appId'>,
): Promise<void> {
  if (isPushSecret === true) return await replacePushSecret(queries, appKey, sealed);
  if (webhook !== undefined) return await updateWebhook(queries, webhook.id, { [webhook.part]: sealed });
  if (environmentId !== undefined && settings !== undefined) {
    await putEnvironmentSettings(queries, environmentId, settings, sealed);
    return;
  }
  if (environmentId !== undefined) {
    await updateEnvironment(queries, environmentId, { target_options: sealed });
    return;
  }
  if (name === undefined) {
    await queries.updateTable('apps').set({ credentials: sealed }).where('id', '=', appKey).execute();
    return;
  }
  await queries
    .updateTable('app_secrets')
    .set({ value: sealed })
    .where('app_id', '=', appKey)
    .where('name', '=', name)
    .execute();
}

/** Deletes something sealed. */
export async function removeSealed(
  queries: Queries,
  { appKey, name, environmentId, settings, webhook, isPushSecret }: Omit<SealedText, 'appId' | 'sealed'>,
): Promise<void> {
  if (isPushSecret === true) {
    await deletePushSecret(queries, appKey);
    return;
  }
  if (webhook !== undefined) return await dropSealedOfWebhook(queries, webhook);
  if (environmentId !== undefined && settings !== undefined) {
    return await putEnvironmentSettings(queries, environmentId, settings, null);
  }
  if (environmentId !== undefined) return await updateEnvironment(queries, environmentId, { target_options: null });
  if (name !== undefined) await deleteAppSecret(queries, appKey, name);
  else await queries.updateTable('apps').set({ credentials: null }).where('id', '=', appKey).execute();
}

/** A webhook without its secret can tell nobody anything: it rests until somebody gives it one. */
async function dropSealedOfWebhook(queries: Queries, { id, part }: NonNullable<SealedText['webhook']>): Promise<void> {
  if (part === 'headers') return await updateWebhook(queries, id, { headers: null });
  await updateWebhook(queries, id, { secrets: '', is_active: 0, note: 'Its secret was lost: give it a new one.' });
}
