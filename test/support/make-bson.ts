/** What a made document may hold; an array is a list. */
export type BsonInput = string | boolean | Uint8Array | readonly BsonInput[] | { readonly [name: string]: BsonInput };

/** Makes a BSON document (bsonspec.org). */
export function makeBson(document: { readonly [name: string]: BsonInput }): Buffer {
  const elements = Object.entries(document).map(([name, value]) => makeElement(name, value));
  const body = Buffer.concat([...elements, Buffer.alloc(1)]);
  return Buffer.concat([int32(body.length + 4), body]);
}

function makeElement(name: string, value: BsonInput): Buffer {
  const [type, bytes] = makeValue(value);
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), bytes]);
}

function makeValue(value: BsonInput): readonly [number, Buffer] {
  if (typeof value === 'string')
    return [2, Buffer.concat([int32(Buffer.byteLength(value) + 1), Buffer.from(`${value}\0`)])];
  if (typeof value === 'boolean') return [8, Buffer.from([value ? 1 : 0])];
  if (value instanceof Uint8Array) return [5, Buffer.concat([int32(value.length), Buffer.alloc(1), value])];
  if (isList(value)) return [4, makeBson(Object.fromEntries(value.entries()))];
  return [3, makeBson(value)];
}

function isList(value: BsonInput): value is readonly BsonInput[] {
  return Array.isArray(value);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** The settings of a project, as the unit that holds them. */
export function makeProjectSettings(javaVersion: string | undefined): Buffer {
  const java = javaVersion === undefined ? {} : { JavaVersion: javaVersion };
  const parts = [
    { $ID: Buffer.alloc(16), $Type: 'Settings$ConventionSettings', LowerCaseMicroflowVariables: false },
    { $Type: 'Settings$ModelSettings', AfterStartupMicroflow: '', ...java, AllowUserMultipleSessions: true },
  ];
  return makeBson({ $ID: Buffer.alloc(16), $Type: 'Settings$ProjectSettings', Settings: parts });
}
