/** UTF-8, cut where a character ends. @returns the first bytes, at most so many */
export function cutText(bytes: Buffer, mostBytes: number): Buffer {
  if (bytes.length <= mostBytes) return bytes;
  let end = mostBytes;
  while (end > 0 && isInsideCharacter(bytes[end])) end -= 1;
  return bytes.subarray(0, end);
}

/** Text in pieces of at most so many bytes. @param mostBytes four or more: no character is longer */
export function splitText(text: string, mostBytes: number): string[] {
  const pieces: string[] = [];
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    const piece = cutText(rest, mostBytes);
    pieces.push(piece.toString());
    rest = rest.subarray(piece.length);
  }
  return pieces;
}

/** What of the next bytes of a log it still takes. @param note said once where that is not all of them */
export function cutToFit(
  bytes: Buffer,
  { sizeBytes, mostBytes, note }: { readonly sizeBytes: number; readonly mostBytes: number; readonly note: string },
): Buffer {
  const room = Math.max(0, mostBytes - sizeBytes);
  if (bytes.length < room || room === 0) return bytes.subarray(0, room);
  return Buffer.concat([cutText(bytes, room), Buffer.from(`\n${note}`)]);
}

/** What a log says that takes no more. */
export function fullNote(mostBytes: number): string {
  return `… the log has reached ${mostBytes} bytes: nothing more is kept.`;
}

function isInsideCharacter(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
