import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** Of the flags in `fdinfo`: is closed where another program starts. Node opens nothing without it. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes what was open already when this process started, apart from the three standard streams: Node would pass some of
 * it on, and commands of a build could read what the one who started the server had open. Does nothing where the system has
 * no `/proc`. To be called before anything else is opened.
 */
export function closeInherited(): void {
  for (const name of listDescriptors()) {
    const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readInfo(name)) ?? [];
    if (Number(name) <= 2 || flags === undefined) continue;
    if ((Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0) closeSync(Number(name));
  }
}

const FOLDER = '/proc/self/fdinfo';

function listDescriptors(): readonly string[] {
  try {
    return readdirSync(FOLDER);
  } catch {
    return [];
  }
}

function readInfo(name: string): string {
  try {
    return readFileSync(`${FOLDER}/${name}`, 'utf8');
  } catch {
    // The one that was open for the list.
    return '';
  }
}
