/**
 * What an app's repository asks for before it lets anybody in. Never part of an address, a message or a log, and never
 * in the environment or the arguments of a child.
 */
export type RemoteCredentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string }
  | {
      readonly kind: 'ssh-key';
      /** PEM or OpenSSH format, without a passphrase. */
      readonly privateKey: string;
      /** Lines as in `known_hosts`; undefined for those of the user that the server runs as. */
      readonly knownHosts: string | undefined;
    };
