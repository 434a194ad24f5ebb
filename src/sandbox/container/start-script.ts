/**
 * What the shell of a container reads from its standard input and then does. Environment and arguments come this way
 * because no list of processes, no file and no record of the engine has it then, and because a value may be anything.
 *
 * The shell stays the first process: its end is that of all others.
 *
 * @param mark a line that is written first: what comes before it is not of the command
 */
export function startScript(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  mark: string,
): string {
  // With `command`, a variable that the shell keeps for itself is a complaint and not the end.
  const variables = Object.entries(environment).map(([name, value]) => `command export ${name}=${quoted(value)}`);
  const lines = ['exec 2>&1', `echo ${mark}`, ...variables, `${argv.map(quoted).join(' ')} </dev/null`, 'exit $?'];
  // All of it is read before any of it is done: half a script is none.
  return `{\n${lines.join('\n')}\n}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
