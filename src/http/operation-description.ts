import { type TSchema, Type } from 'typebox';
import type { ErrorCode } from '../protocol/error-codes.ts';
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
  /** Of the 200 answer: a schema for JSON, a media type for anything else. */
  readonly answer: TSchema | string;
  readonly errors: readonly ErrorCode[];
  /** What a token must be for; without one the call needs an API key. */
  readonly scope?: TokenScope;
  /** Whether it needs no credentials. */
  readonly open?: boolean;
}

export const TAGS = {
  'Build API': 'The documented calls, as existing clients make them.',
  'Team Server API': 'The documented calls that tell branches and revisions.',
  'App Repository API':
    'The documented calls that came after those. Errors have codes of their own: `RS` and the HTTP status.',
  'Deploy API': 'The documented calls on environments: transport, start, stop. And uploads, of both versions.',
  Builds: 'Additions: follow, wait for, and cancel a build.',
  Downloads: 'Links that need no headers.',
  Management: 'Apps, users, keys and rights. For admins, where nothing else is said.',
  Operation: 'Health, metrics and this document. They need no credentials.',
} as const;
type Tag = keyof typeof TAGS;

/** A schema with a name of its own. */
export const ref = (id: string): TSchema => Type.Unsafe({ $ref: `${id}#` });
export const NOTHING = Type.Object({}, { description: 'Nothing: an empty object.' });
