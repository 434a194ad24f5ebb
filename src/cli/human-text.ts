/** Sizes, durations and times as people read them. */

const SIZE_UNITS = ['KiB', 'MiB', 'GiB', 'TiB'];

/** `0 B`, `12.3 KiB`, `1.95 GiB`: three digits. */
export function formatSize(sizeBytes: number): string {
  if (sizeBytes < 1024) return `${sizeBytes} B`;
  const power = Math.min(Math.floor(Math.log2(sizeBytes) / 10), SIZE_UNITS.length);
  const value = sizeBytes / 1024 ** power;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${SIZE_UNITS[power - 1]}`;
}

/** `38 ms`, `4.2 s`, `30 s`, `3 min 5 s`, `2 h 10 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `2026-11-24 14:05:09`, in the time zone of this machine. */
export function formatTime(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19).replace('T', ' ');
}

const STEPS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

/** `just now`, `3 minutes ago`, `in 90 days`. */
export function formatRelative(at: number, now: number): string {
  const distance = Math.abs(now - at);
  const [unit, length] = STEPS.find(([, ms]) => distance >= ms) ?? ['second', 1000];
  const count = Math.round(distance / length);
  if (count === 0) return 'just now';
  const words = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return at > now ? `in ${words}` : `${words} ago`;
}
