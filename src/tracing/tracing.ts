/**
 * What becomes of a build, and how long each part of it takes, told to a collector of OpenTelemetry: one trace for each
 * build, which begins with the call or the push that is accepted and goes on in every process that has a part in it. Spans
 * find each other by what is stored with the package.
 *
 * This folder owns how spans are made, timed and sent, and alone knows OpenTelemetry. It does not know what a build is:
 * whoever does something says so. Nothing of it throws or keeps anybody waiting: what cannot be sent is lost.
 */
export interface Tracing {
  /**
   * Begins the trace of a build, or goes on with the one of its caller.
   *
   * @param caller the caller's span as `traceparent` of W3C Trace Context names it; what is malformed is as none
   */
  begin(name: SpanName, caller: string | undefined): Span;
  /**
   * Begins a span of a build that was accepted, in whatever process.
   *
   * @param traceParent what was stored with its package; null where nobody traces it
   * @param from when it began, in milliseconds since 1970 by the clock that is given to all; now, unless said
   */
  resume(name: SpanName, traceParent: string | null, from?: number): Span;
  /** Sends what has ended, for a bounded time, and nothing after that. */
  close(): Promise<void>;
}

/** Something that takes time. One that is not ended is not sent. */
export interface Span {
  /** Names it to other processes, as `traceparent` of W3C Trace Context; null where nobody traces it. */
  readonly traceParent: string | null;
  /** Begins a span below this one. */
  begin(name: SpanName): Span;
  /** Says what it is about. May be called more than once. */
  describe(facts: SpanFacts): void;
  /** @param end `failure`: why it failed, in a word of a closed list; `at`: when, in milliseconds as above; now, unless said */
  end(end?: { readonly failure?: string; readonly at?: number }): void;
}

/**
 * `accept` and `push` are the call and the push that a build is accepted by; `queue` is the wait for a worker; `attempt` is
 * one from its claim to its end, above `source`, `package` and `store`, its phases; `tag` and `deploy` come after it.
 */
export type SpanName = 'accept' | 'push' | 'queue' | 'attempt' | 'source' | 'package' | 'store' | 'tag' | 'deploy';

/** Never a secret, an address, or a message that may have one in it. */
export interface SpanFacts {
  readonly appId?: string;
  readonly packageId?: string;
  readonly version?: string;
  readonly revision?: string;
  readonly branch?: string;
  /** Counts from 1. */
  readonly attempt?: number;
  readonly worker?: string;
  /** What became of it, in a word. */
  readonly outcome?: string;
}
