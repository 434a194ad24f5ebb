import type { ApiKeyRow, AppRow, AppSecretRow, AuditRow, UserRow } from '../database/schema.ts';
import { readAppSettings } from '../domain/app-settings.ts';
import { hideCredentials } from '../domain/credentials-in-text.ts';
import { readScopes } from '../domain/token-scopes.ts';
import type { WireApp, WireAuditEntry, WireKey, WireUser } from '../protocol/manage.ts';
import type { WireCredentials, WireSecret } from '../protocol/secrets.ts';
import type { RemoteCredentials } from '../repository/remote-credentials.ts';

export function presentApp(row: AppRow): WireApp {
  return {
    AppId: row.app_id,
    ProjectId: row.project_id,
    Name: row.name,
    Kind: row.kind,
    Repository: hideCredentials(row.repository),
    MainBranch: row.main_branch,
    License: row.license,
    CreationDate: row.created_at,
    TechnicalContact: row.technical_contact,
    HasCredentials: row.credentials !== null,
    ...readAppSettings(row.settings),
  };
}

/** Of credentials: what kind they are and whose, and nothing that lets anybody in. */
export function presentCredentials(credentials: RemoteCredentials | undefined): WireCredentials {
  if (credentials === undefined) return { Kind: null, Username: null };
  const username = credentials.kind === 'ssh-key' ? undefined : credentials.username;
  return { Kind: credentials.kind, Username: username ?? null };
}

export function presentSecret(row: AppSecretRow): WireSecret {
  return { Name: row.name, ChangeDate: row.changed_at };
}

export function presentUser(row: UserRow): WireUser {
  return {
    Login: row.login,
    Name: row.name,
    Admin: row.is_admin === 1,
    Disabled: row.disabled_at !== null,
    CreationDate: row.created_at,
  };
}

export function presentKey(row: ApiKeyRow): WireKey {
  return {
    KeyId: row.id,
    Name: row.name,
    CreationDate: row.created_at,
    ExpiryDate: row.expires_at,
    LastUsedDate: row.last_used_at,
    Revoked: row.revoked_at !== null,
    Scopes: row.scopes === null ? null : [...(readScopes(row.scopes) ?? [])],
  };
}

export function presentAuditEntry(row: AuditRow): WireAuditEntry {
  return { Date: row.at, Login: row.login, Action: row.action, Subject: row.subject, Detail: row.detail };
}
