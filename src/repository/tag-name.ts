// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const FORBIDDEN = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)/;

/** Whether git accepts a name for a tag (git-check-ref-format, and `git tag`'s own rule about a leading `-`). */
export function isTagName(name: string): boolean {
  if (name === '' || name === '@' || name.length > 200) return false;
  return !FORBIDDEN.test(name) && !/^[-./]/.test(name) && !/[./]$/.test(name);
}
