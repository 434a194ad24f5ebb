/** More than this before the mark, and it is given up: then everything is passed on. */
const MOST_BEFORE = 64 * 1024;

/**
 * Passes on what comes after a line.
 *
 * @param onMark called once, when the line has come
 */
export async function* afterMark(
  chunks: AsyncIterable<Uint8Array>,
  mark: string,
  onMark: () => void,
): AsyncGenerator<Uint8Array> {
  const line = Buffer.from(`${mark}\n`);
  let before: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (before === undefined) {
      yield chunk;
      continue;
    }
    before = Buffer.concat([before, chunk]);
    const at = before.indexOf(line);
    if (at < 0 && before.length <= MOST_BEFORE) continue;
    if (at >= 0) onMark();
    const rest: Buffer = at < 0 ? before : before.subarray(at + line.length);
    before = undefined;
    if (rest.length > 0) yield rest;
  }
  if (before !== undefined && before.length > 0) yield before;
}
