/** What of the server's environment reaches git besides PATH and HOME: how to get to a remote, and who holds the keys. */
const PASSED_ON = ['http_proxy', 'https_proxy', 'no_proxy', 'SSH_AUTH_SOCK'] as const;

/** Those that are set, and nothing else. */
export function gitVariables(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = environment[name];
    if (value !== undefined && value !== '') variables[name] = value;
  }
  return variables;
}
