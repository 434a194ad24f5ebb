import { type TSchema, Type } from 'typebox';
import type { ErrorCode } from '../protocol/error-codes.ts';
import type { Right } from '../protocol/permissions.ts';
import type { TokenScope } from '../protocol/token-scopes.ts';

/** One call, in the words of OpenAPI. */
export interface Operation {
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly query?: Readonly<Record<string, TSchema>>;
  readonly headers?: Readonly<Record<string, TSchema>>;
  readonly body?: TSchema;
  /** Whether the body is a package: a form with a file, or its bytes. */
  readonly upload?: boolean;
  /** Of the answer: a schema for JSON, a media type for anything else. */
  readonly answer: TSchema | string;
  /** Of the answer: 200 where none is given. 204 has no body. */
  readonly status?: 202 | 204;
  readonly errors: readonly ErrorCode[];
  /** The named schema of its errors: `Error` where none is given. */
  readonly errorSchema?: 'WebhooksError';
  /** What a token must be for; without one the call needs an API key. */
  readonly scope?: TokenScope;
  readonly needs: Needs;
}

/** Who may make a call. */
export type Needs =
  /** Anybody: it needs no credentials. */
  | 'nothing'
  /** Every user. What a list holds is what that user may see. */
  | 'user'
  /** The user whom the call is about. */
  | 'oneself'
  | 'admin'
  /** Whoever sees the app: has any right on it, or is its Technical Contact. */
  | 'sight'
  | RightsNeeded;

/** Rights, all of which a call needs; and where: see `domain/permissions.ts`. */
export interface RightsNeeded {
  readonly rights: readonly Right[];
  readonly on: 'any-environment' | 'the-environment' | 'every-environment';
}

export const API_ANYWHERE = { rights: ['api'], on: 'any-environment' } as const satisfies RightsNeeded;
export const TRANSPORT_ANYWHERE = {
  rights: ['api', 'transport'],
  on: 'any-environment',
} as const satisfies RightsNeeded;
export const API_THERE = { rights: ['api'], on: 'the-environment' } as const satisfies RightsNeeded;
export const MANAGE_THERE = { rights: ['permissions'], on: 'the-environment' } as const satisfies RightsNeeded;
export const MANAGE_ANYWHERE = { rights: ['permissions'], on: 'any-environment' } as const satisfies RightsNeeded;
export const MANAGE_EVERYWHERE = { rights: ['permissions'], on: 'every-environment' } as const satisfies RightsNeeded;
export const TRANSPORT_THERE = { rights: ['api', 'transport'], on: 'the-environment' } as const satisfies RightsNeeded;

export const TAGS = {
  'Build API': 'The documented calls, as existing clients make them.',
  'Team Server API': 'The documented calls that tell branches and revisions.',
  'App Repository API':
    'The documented calls that came after those. Errors have codes of their own: `RS` and the HTTP status.',
  'Webhooks API':
    'The documented calls that manage webhooks. Errors have the documented `error` beside `errorCode` and `errorMessage`.',
  'Webhook messages': 'Additions: what webhooks were told, how it went, and having it told again.',
  'Systems that deploy': 'An addition: how they report of what they were told to do.',
  'Repositories that push': 'An addition: how pushes start builds.',
  'Deploy API': 'The documented calls on environments: transport, start, stop. And uploads, of both versions.',
  Builds: 'Additions: follow, wait for, and cancel a build; pin its package.',
  Downloads: 'Links that need no headers.',
  Management: 'Apps, users, keys and rights. For admins, where nothing else is said.',
  Operation: 'Health, metrics and this document. They need no credentials.',
} as const;
type Tag = keyof typeof TAGS;

/** A schema with a name of its own. */
export const ref = (id: string): TSchema => Type.Unsafe({ $ref: `${id}#` });
export const NOTHING = Type.Object({}, { description: 'Nothing: an empty object.' });
