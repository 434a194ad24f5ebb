const EARLIEST = Date.UTC(1980, 0, 1);
const LATEST = Date.UTC(2107, 11, 31, 23, 59, 58);

/** The date and time fields of a zip (APPNOTE 4.4.6). */
export interface DosTime {
  readonly date: number;
  readonly time: number;
}

/**
 * A time as a zip tells it, in UTC: in steps of two seconds from 1980 to 2107, to which other times are clamped.
 *
 * @param time milliseconds since 1970
 */
export function dosTime(time: number): DosTime {
  const at = new Date(Math.min(Math.max(time, EARLIEST), LATEST));
  return {
    date: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  };
}
