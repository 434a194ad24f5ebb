import { type Static, Type } from 'typebox';
import { Nullable } from './nullable.ts';
import { RetentionSchema } from './retention.ts';
import { TOKEN_SCOPES } from './token-scopes.ts';

/**
 * The management calls under `/manage/1`: what `slipway app|user|key|grant|revoke` speak. They are additions to the
 * documented API, so they take the field names of this project's own and stay apart from `/api/1`.
 */

export const REPOSITORY_KINDS = ['git', 'svn'] as const;
export type RepositoryKind = (typeof REPOSITORY_KINDS)[number];

export const BUILDER_NAMES = ['archive', 'script', 'mxbuild'] as const;
export type BuilderName = (typeof BUILDER_NAMES)[number];

/** A free app has one environment, where what is built is deployed by itself. */
export const LICENSES = ['licensed', 'free'] as const;
export type License = (typeof LICENSES)[number];

const oneOf = <const Names extends readonly string[]>(names: Names, description: string) =>
  Type.Unsafe<Names[number]>(Type.Enum([...names], { description }));
const text = (description: string) => Nullable(Type.String({ minLength: 1, maxLength: 200, description }));

/** What an administrator may set for an app; null and false stand for what holds where nothing is said. */
const SETTINGS = {
  Builder: Nullable(oneOf(BUILDER_NAMES, 'How packages are built; null to decide by what the source holds.')),
  ProjectFile: text('Path of the `.mpr` to build, where the source holds several.'),
  Trunk: text('Folder of the main line in a Subversion repository; null for `trunk`.'),
  Branches: text('Folder of the branches in a Subversion repository; null for `branches`.'),
  Tags: text('Folder of the tags in a Subversion repository; null for `tags`.'),
  AllowForeignRevisions: Type.Boolean({ description: 'Whether a revision is built that is not on the branch.' }),
  Retention: Nullable(RetentionSchema),
};
export const AppSettingsSchema = Type.Object(SETTINGS);
export type AppSettings = Static<typeof AppSettingsSchema>;

export const AppSchema = Type.Object(
  {
    AppId: Type.String({ description: 'Subdomain name of the app.' }),
    ProjectId: Type.String({ format: 'uuid', description: 'Accepted wherever AppId is.' }),
    Name: Type.String(),
    Kind: oneOf(REPOSITORY_KINDS, 'Kind of repository.'),
    Repository: Type.String({ description: 'URL or path of the repository.' }),
    MainBranch: Nullable(Type.String({ description: "Name of the main line; null for the repository's own." })),
    License: oneOf(
      LICENSES,
      '`free`: its one environment is `Sandbox`, where its packages are deployed by themselves.',
    ),
    CreationDate: Type.Integer(),
    TechnicalContact: Nullable(
      Type.String({ description: 'Login of the user who manages the permissions of all its environments.' }),
    ),
    HasCredentials: Type.Boolean({ description: 'Whether it has credentials of its own for the repository.' }),
    ...SETTINGS,
  },
  { $id: 'App' },
);
export type WireApp = Static<typeof AppSchema>;

export const CreateAppSchema = Type.Object({
  AppId: Type.String(),
  Name: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 200 }))),
  Repository: Type.String({ minLength: 1, maxLength: 2000 }),
  MainBranch: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 200 }))),
  ProjectId: Type.Optional(Type.String()),
  Kind: Type.Optional(oneOf(REPOSITORY_KINDS, 'Kind of repository; found out where it is not given.')),
  Free: Type.Optional(Type.Boolean()),
  TechnicalContact: Type.Optional(Nullable(Type.String())),
  ...Type.Partial(AppSettingsSchema).properties,
});
export type CreateApp = Static<typeof CreateAppSchema>;

/** What is not given stays; null goes back to what holds where nothing is said. */
export const UpdateAppSchema = Type.Object({
  Name: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 200 }))),
  Repository: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })),
  MainBranch: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 200 }))),
  Free: Type.Optional(Type.Boolean()),
  TechnicalContact: Type.Optional(Nullable(Type.String())),
  ...Type.Partial(AppSettingsSchema).properties,
});
export type UpdateApp = Static<typeof UpdateAppSchema>;

export const UserSchema = Type.Object(
  {
    Login: Type.String(),
    Name: Type.String({ description: 'Display name: the Creator of packages.' }),
    Admin: Type.Boolean(),
    Disabled: Type.Boolean(),
    CreationDate: Type.Integer(),
  },
  { $id: 'User' },
);
export type WireUser = Static<typeof UserSchema>;

export const CreateUserSchema = Type.Object({
  Login: Type.String(),
  Name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  Admin: Type.Optional(Type.Boolean()),
});
export type CreateUser = Static<typeof CreateUserSchema>;

export const KeySchema = Type.Object(
  {
    KeyId: Type.String({ format: 'uuid', description: 'Names the key without being it.' }),
    Name: Type.String(),
    CreationDate: Type.Integer(),
    ExpiryDate: Nullable(Type.Integer()),
    LastUsedDate: Nullable(Type.Integer()),
    Revoked: Type.Boolean(),
    Scopes: Nullable(Type.Array(Type.String(), { description: 'Of a token; null for an API key, which has none.' })),
  },
  { $id: 'Key' },
);
export type WireKey = Static<typeof KeySchema>;

export const CreateKeySchema = Type.Object({
  Name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  ExpiryDate: Type.Optional(Type.Integer({ description: 'In milliseconds since 1970.' })),
  Key: Type.Optional(
    Type.String({ description: 'An existing key to bring along: a lower-case UUID; any of a token.' }),
  ),
  Scopes: Type.Optional(
    Type.Array(Type.Enum(TOKEN_SCOPES, { type: 'string' }), {
      minItems: 1,
      description: 'Makes it a personal access token, which is good for these calls alone.',
    }),
  ),
});
export type CreateKey = Static<typeof CreateKeySchema>;

/** The only answer that ever holds a key. */
export const CreatedKeySchema = Type.Object({ KeyId: Type.String(), Key: Type.String() });
export type CreatedKey = Static<typeof CreatedKeySchema>;

export const AuditEntrySchema = Type.Object({
  Date: Type.Integer(),
  Login: Type.String(),
  Action: Type.String(),
  Subject: Type.String(),
  Detail: Type.String(),
});
export type WireAuditEntry = Static<typeof AuditEntrySchema>;
