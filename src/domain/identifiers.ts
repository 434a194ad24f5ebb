import { quote, Refusal } from './refusal.ts';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Subdomain name of an app, in lower case. */
export type AppId = Branded<string, 'AppId'>;
/** The uuid of an app's project, in lower case; accepted wherever an AppId is. */
export type ProjectId = Branded<string, 'ProjectId'>;
/** The uuid of a package, in lower case. */
export type PackageId = Branded<string, 'PackageId'>;
/** Login name of a user, in lower case. */
export type Login = Branded<string, 'Login'>;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LOGIN = /^[^\s\p{C}/\\]{1,254}$/u;

/** Reads an AppId as DNS labels are spelled: 1 to 63 letters, digits and inner hyphens, in any case. */
export function parseAppId(text: string): AppId | undefined {
  const lower = text.toLowerCase();
  return SUBDOMAIN.test(lower) && !UUID.test(lower) ? (lower as AppId) : undefined;
}

/** Reads a uuid of any version, in any case. */
export function parseProjectId(text: string): ProjectId | undefined {
  const lower = text.toLowerCase();
  return UUID.test(lower) ? (lower as ProjectId) : undefined;
}

/** Reads the id of a package; undefined for everything that cannot be one, the literal `null` included. */
export function parsePackageId(text: string): PackageId | undefined {
  const lower = text.toLowerCase();
  return UUID.test(lower) ? (lower as PackageId) : undefined;
}

/** @throws Refusal INVALID_PARAMETERS */
export function parseLogin(text: string): Login {
  const lower = text.trim().toLowerCase();
  if (!LOGIN.test(lower)) {
    throw new Refusal('INVALID_PARAMETERS', `${quote(text)} is not a login: use up to 254 characters without blanks.`);
  }
  return lower as Login;
}

/** Whether a text has the form of an API key: a lower-case uuid, as in the API's own documentation. */
export function isApiKey(text: string): boolean {
  return UUID.test(text);
}
