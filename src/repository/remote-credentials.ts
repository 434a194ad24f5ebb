/**
 * What an app's repository asks for before it lets anybody in. Never part of an address, a message or a log, and never
 * in the environment or the arguments of a child.
 */
export type RemoteCredentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'token';
      readonly token: string;
      /** The name that the host wants beside a token; {@link TOKEN_USERNAME} where it is not given. */
      readonly username?: string | undefined;
    }
  | {
      readonly kind: 'ssh-key';
      /** PEM or OpenSSH format, without a passphrase. */
      readonly privateKey: string;
      /** Lines as in `known_hosts`; undefined for those of the user that the server runs as. */
      readonly knownHosts: string | undefined;
    };

/** What Mendix's own Git servers want beside a personal access token; most hosts take any name. */
export const TOKEN_USERNAME = 'pat';
