import { access, readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument } from 'yaml';
import { codeOf, ifThere } from '../files/file-errors.ts';
import { closestName } from './closest-name.ts';
import { isSettingName, SETTING_NAMES, type SettingName } from './settings.ts';

/** The name that is looked for in the current folder when no other file is named. */
export const DEFAULT_CONFIGURATION_FILE = 'slipway.config.yaml';

export interface ConfigurationFile {
  readonly values: ReadonlyMap<SettingName, { readonly text: string; readonly where: string }>;
  /** What relative paths in it are relative to. */
  readonly folder: string;
  /** What is wrong with the file itself, each in a sentence. */
  readonly mistakes: readonly string[];
}

/**
 * Reads the configuration file.
 *
 * @param given the file that was asked for; undefined reads the default file, which need not be there
 */
export async function readConfigurationFile(given: string | undefined, folder: string): Promise<ConfigurationFile> {
  const path = resolve(folder, given ?? DEFAULT_CONFIGURATION_FILE);
  const empty = { values: new Map(), folder: dirname(path) };
  try {
    const name = relative(folder, path);
    return { ...parseConfigurationFile(await readFile(path, 'utf8'), name), folder: dirname(path) };
  } catch (error) {
    if (given === undefined && codeOf(error) === 'ENOENT') return { ...empty, mistakes: [] };
    const why = codeOf(error) === 'ENOENT' ? 'does not exist' : `cannot be read (${String(error)})`;
    return { ...empty, mistakes: [`The configuration file '${path}' ${why}.`] };
  }
}

/** The configuration file that is in use, where there is one. @param given the file that was asked for */
export async function findConfigurationFile(given: string | undefined, folder: string): Promise<string | undefined> {
  const path = resolve(folder, given ?? DEFAULT_CONFIGURATION_FILE);
  return await ifThere(access(path).then(() => path));
}

/** @param name how the file is called in messages */
export function parseConfigurationFile(text: string, name: string): Omit<ConfigurationFile, 'folder'> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const wrong = document.errors.map((error) => `${name}, line ${lines.linePos(error.pos[0]).line}: ${error.message}`);
  if (wrong.length > 0 || document.contents === null) return { values: new Map(), mistakes: wrong };
  if (!isMap(document.contents)) return { values: new Map(), mistakes: [`${name} is not a list of 'setting: value'.`] };
  return collectValues(document.contents.items, (offset) => `${name}, line ${lines.linePos(offset).line}`);
}

function collectValues(pairs: readonly Pair[], where: (offset: number) => string): Omit<ConfigurationFile, 'folder'> {
  const values = new Map<SettingName, { text: string; where: string }>();
  const mistakes: string[] = [];
  for (const pair of pairs) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    const place = where((isScalar(pair.key) ? pair.key.range?.[0] : undefined) ?? 0);
    const text = scalarText(pair.value);
    if (!isSettingName(key)) mistakes.push(`${place}: there is no setting '${key}'.${suggest(key)}`);
    else if (text === undefined) mistakes.push(`${place}: '${key}' takes a single value.`);
    else values.set(key, { text, where: place });
  }
  return { values, mistakes };
}

/** A scalar as it is written, a list of scalars joined by commas, else undefined. */
function scalarText(node: unknown): string | undefined {
  if (isScalar(node)) return node.source ?? String(node.value ?? '');
  if (!isSeq(node)) return undefined;
  const texts = node.items.map((item) => (isScalar(item) ? scalarText(item) : undefined));
  return texts.every((text) => text !== undefined) ? texts.join(',') : undefined;
}

function suggest(key: string): string {
  const close = closestName(key, SETTING_NAMES);
  return close === undefined ? ` Settings are: ${SETTING_NAMES.join(', ')}.` : ` Did you mean '${close}'?`;
}
