import { BuildFailure } from '../domain/failure.ts';
import { quote } from '../domain/refusal.ts';

/** Whether a path is that of a Mendix project file. */
export function isProjectFile(path: string): boolean {
  return path.toLowerCase().endsWith('.mpr');
}

const MOST_NAMED = 5;

/**
 * Chooses the project file of a source.
 *
 * @param paths of every file of the source
 * @param setting the one that the app names, as a path in the source; null where it names none
 * @returns undefined for a source that holds no Mendix project
 * @throws BuildFailure `source-unreadable` where the source holds several, or not the one that is named
 */
export function chooseProjectFile(paths: readonly string[], setting: string | null): string | undefined {
  const found = paths.filter(isProjectFile);
  if (setting !== null) {
    const wanted = setting.replace(/^(?:\.?\/)+/, '');
    if (found.includes(wanted)) return wanted;
    throw new BuildFailure('source-unreadable', `There is no project file ${quote(wanted)}${list(found)}.`);
  }
  if (found.length <= 1) return found[0];
  const message = `There are ${found.length} project files${list(found)}. Name the one to build as the app's ProjectFile.`;
  throw new BuildFailure('source-unreadable', message);
}

function list(found: readonly string[]): string {
  if (found.length === 0) return ' in the source';
  const named = found.slice(0, MOST_NAMED).map(quote).join(', ');
  return ` in the source, which holds ${named}${found.length > MOST_NAMED ? ', …' : ''}`;
}
