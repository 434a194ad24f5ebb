const KEY = /^[a-z0-9][a-z0-9.-]{1,99}$/;

export function isKey(text: string): boolean {
  return KEY.test(text);
}

/** @throws Error for what is not a key of a blob store, and could lead elsewhere */
export function checkKey(key: string): string {
  if (!isKey(key)) throw new Error(`'${key}' is not a key of the blob store.`);
  return key;
}
