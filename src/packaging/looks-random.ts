const SAMPLE_BYTES = 1024;
const LEAST_BYTES = 4 * SAMPLE_BYTES;
const BYTES_PER_SAMPLE = 64 * 1024;
const FEWEST_SAMPLES = 4;
const MOST_SAMPLES = 16;
/**
 * How much likelier than by chance two bytes of a sample are the same. Noise has 1.25 in samples of this size, images
 * and archives up to 1.4, text from 4 on.
 */
const MOST_LIKENESS = 1.6;

/**
 * Whether a content is already as dense as it gets, like an image or an archive, so that deflating it is time lost.
 * Looks at a few samples; a content with one that is not dense is not dense.
 */
export function looksRandom(bytes: Uint8Array): boolean {
  if (bytes.length < LEAST_BYTES) return false;
  const samples = Math.min(Math.max(Math.ceil(bytes.length / BYTES_PER_SAMPLE), FEWEST_SAMPLES), MOST_SAMPLES);
  const step = (bytes.length - SAMPLE_BYTES) / (samples - 1);
  for (let index = 0; index < samples; index++) {
    if (likeness(bytes, Math.floor(index * step)) > MOST_LIKENESS) return false;
  }
  return true;
}

function likeness(bytes: Uint8Array, start: number): number {
  const counts = new Uint16Array(256);
  for (let at = start; at < start + SAMPLE_BYTES; at++) {
    const byte = bytes[at] ?? 0;
    counts[byte] = (counts[byte] ?? 0) + 1;
  }
  let squares = 0;
  for (const count of counts) squares += count * count;
  return (squares * 256) / SAMPLE_BYTES ** 2;
}
