/*
 * Loaded before a process by `--import`: its clock is set to another time, as that of a machine may be. What counts on
 * without being set, such as `performance.now()`, stays as it is.
 */

const shiftMs = Number(process.env.OTHER_CLOCK_MS);
const real = Date.now;

class OtherDate extends Date {
  constructor(...given: readonly []) {
    super(...((given.length === 0 ? [real() + shiftMs] : given) as unknown as readonly []));
  }
  static override now(): number {
    return real() + shiftMs;
  }
}

globalThis.Date = OtherDate as DateConstructor;
