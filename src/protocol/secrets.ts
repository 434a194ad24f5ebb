import { type Static, Type } from 'typebox';

/** The calls about what an app keeps secret: its credentials for the repository, and the secrets of its builds. */

export const CREDENTIALS_KINDS = ['password', 'token', 'ssh-key'] as const;
export type CredentialsKind = (typeof CREDENTIALS_KINDS)[number];

const MOST_CHARACTERS = 65_536;
const kind = Type.Unsafe<CredentialsKind>(
  Type.Enum([...CREDENTIALS_KINDS], { description: 'What the host asks for.' }),
);
const word = (description: string) => Type.String({ minLength: 1, maxLength: 4096, description });
const file = (description: string) => Type.String({ minLength: 1, maxLength: MOST_CHARACTERS, description });

export const SetCredentialsSchema = Type.Object({
  Kind: kind,
  Username: Type.Optional(word('With `password`; with `token` where the host wants another name than `pat`.')),
  Password: Type.Optional(word('With `password`.')),
  Token: Type.Optional(word('With `token`.')),
  PrivateKey: Type.Optional(file('With `ssh-key`: in PEM or OpenSSH format, without a passphrase.')),
  KnownHosts: Type.Optional(
    file('With `ssh-key`: lines as in `known_hosts`. Else those of the user that runs the server.'),
  ),
});
export type SetCredentials = Static<typeof SetCredentialsSchema>;

/** What is told of credentials: never what is secret about them. */
export const CredentialsSchema = Type.Object({
  Kind: Type.Union([kind, Type.Null()], { description: 'null where the app has no credentials.' }),
  Username: Type.Union([Type.String(), Type.Null()]),
});
export type WireCredentials = Static<typeof CredentialsSchema>;

export const SetSecretSchema = Type.Object({
  Value: Type.String({ maxLength: MOST_CHARACTERS, description: 'Never answered again.' }),
});
export type SetSecret = Static<typeof SetSecretSchema>;

export const SecretSchema = Type.Object({
  Name: Type.String({ description: 'Of the environment variable.' }),
  ChangeDate: Type.Integer(),
});
export type WireSecret = Static<typeof SecretSchema>;
