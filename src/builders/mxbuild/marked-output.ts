export interface MarkedOutput {
  /** Takes what comes, in pieces of any size. */
  write(chunk: Uint8Array): Promise<void>;
}

/**
 * Finds marks in a stream and takes them out.
 *
 * @param pass is given everything else
 * @param onMark is called when all that stood before a mark was passed on
 */
export function markedOutput(
  mark: Buffer,
  pass: (bytes: Uint8Array) => Promise<void>,
  onMark: () => void,
): MarkedOutput {
  let held = Buffer.alloc(0);
  return {
    async write(chunk) {
      held = Buffer.concat([held, chunk]);
      for (let at = held.indexOf(mark); at !== -1; at = held.indexOf(mark)) {
        await pass(held.subarray(0, at));
        held = held.subarray(at + mark.length);
        onMark();
      }
      const free = held.length - beginningAtEnd(held, mark);
      const passed = held.subarray(0, free);
      held = held.subarray(free);
      await pass(passed);
    },
  };
}

/** How many of the last bytes may be the beginning of a mark. */
function beginningAtEnd(bytes: Buffer, mark: Buffer): number {
  let length = Math.min(bytes.length, mark.length - 1);
  while (length > 0 && !bytes.subarray(-length).equals(mark.subarray(0, length))) length -= 1;
  return length;
}
