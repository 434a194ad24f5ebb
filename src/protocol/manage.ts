import { type Static, Type } from 'typebox';

/**
 * The management calls under `/manage/1`: what `slipway app|user|key|grant|revoke` speak. They are additions to the
 * documented API, so they take the field names of this project's own and stay apart from `/api/1`.
 */

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

export const AppSchema = Type.Object(
  {
    AppId: Type.String({ description: 'Subdomain name of the app.' }),
    ProjectId: Type.String({ format: 'uuid', description: 'Accepted wherever AppId is.' }),
    Name: Type.String(),
    Kind: Type.Union([Type.Literal('git')], { description: 'Kind of repository.' }),
    Repository: Type.String({ description: 'URL or path of the repository.' }),
    MainBranch: Nullable(Type.String({ description: "Name of the main line; null for the repository's own." })),
    CreationDate: Type.Integer(),
  },
  { $id: 'App' },
);
export type WireApp = Static<typeof AppSchema>;

export const CreateAppSchema = Type.Object({
  AppId: Type.String(),
  Name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  Repository: Type.String({ minLength: 1, maxLength: 2000 }),
  MainBranch: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  ProjectId: Type.Optional(Type.String()),
});
export type CreateApp = Static<typeof CreateAppSchema>;

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
  },
  { $id: 'Key' },
);
export type WireKey = Static<typeof KeySchema>;

export const CreateKeySchema = Type.Object({
  Name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  ExpiryDate: Type.Optional(Type.Integer({ description: 'In milliseconds since 1970.' })),
  Key: Type.Optional(Type.String({ description: 'An existing key to bring along: a lower-case UUID.' })),
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
