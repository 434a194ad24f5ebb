import type { Span, Tracing } from './tracing.ts';

/** A span that nobody traces. */
export const NO_SPAN: Span = { traceParent: null, begin: () => NO_SPAN, describe() {}, end() {} };

/** Where nothing is traced. */
export const NO_TRACING: Tracing = { begin: () => NO_SPAN, resume: () => NO_SPAN, async close() {} };
