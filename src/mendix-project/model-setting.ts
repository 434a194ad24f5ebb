import { BSON_ARRAY, BSON_DOCUMENT, bsonText, readBson } from './read-bson.ts';

/**
 * Reads one of the settings of the model from a unit of a project.
 *
 * Where it is was read from a real project (6.6) and from others' work (mxcli, `sdk/mpr/parser_settings.go`): the unit of
 * type `Settings$ProjectSettings` has an array `Settings`, in it a document of type `Settings$ModelSettings`.
 *
 * @param contents BSON
 * @returns undefined where the unit has no such setting, and for what is not understood
 */
export function findModelSetting(contents: Uint8Array, name: string): string | undefined {
  try {
    const settings = textIn(contents, '$Type') === 'Settings$ProjectSettings' ? modelSettingsIn(contents) : undefined;
    return settings === undefined ? undefined : textIn(settings, name);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function modelSettingsIn(contents: Uint8Array): Uint8Array | undefined {
  const list = readBson(contents).find(({ name, type }) => name === 'Settings' && type === BSON_ARRAY);
  if (list === undefined) return undefined;
  const parts = readBson(list.value).filter(({ type }) => type === BSON_DOCUMENT);
  return parts.find(({ value }) => textIn(value, '$Type') === 'Settings$ModelSettings')?.value;
}

function textIn(document: Uint8Array, name: string): string | undefined {
  const element = readBson(document).find((one) => one.name === name);
  return element === undefined ? undefined : bsonText(element);
}
