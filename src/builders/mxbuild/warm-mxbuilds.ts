import type { LogOutput } from '../log-output.ts';
import type { MxbuildProgram } from './mxbuild-command.ts';
import { ServiceFault } from './service-fault.ts';
import { startWarmMxbuild, type WarmMxbuild, type WarmMxbuildOptions } from './warm-mxbuild.ts';

/** Whose an MxBuild is that is kept: nobody else ever has it. */
export interface WarmOwner extends MxbuildProgram {
  readonly appKey: string;
  readonly branch: string;
}

export interface BorrowOptions extends Pick<WarmMxbuildOptions, 'sandbox' | 'limits'> {
  /** Takes what MxBuild writes until it is given back. */
  readonly output: LogOutput;
  /** Takes what is to be known of the process, a sentence each. */
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface WarmMxbuildsOptions extends Omit<WarmMxbuildOptions, 'sandbox' | 'limits'> {
  /** How many there are at once, of all apps together; 0 for none ever. */
  readonly most: number;
  /** How long one is kept that nobody needs. */
  readonly idleMs: number;
  /** How long one may take to be ready. */
  readonly readyMs: number;
  /** How long an owner goes without, after one that never built anything well. */
  readonly pauseMs: number;
  /** In milliseconds, and never going back. */
  readonly clock: () => number;
}

/**
 * The MxBuilds that are kept warm between builds: a bounded number, each for one branch of one app, one Mendix version and
 * one JDK, each with one build at a time. Where all are busy, or the owner's own is, a build goes without.
 */
export interface WarmMxbuilds {
  /**
   * The owner's MxBuild, started where there is none; the one that was idle for longest makes room.
   *
   * @returns undefined where a build has to go without; what is returned must be given back
   * @throws the reason of the signal
   */
  borrow(owner: WarmOwner, options: BorrowOptions): Promise<WarmMxbuild | undefined>;
  /** @param builtWell whether it did what it should: one that did not is ended */
  giveBack(warm: WarmMxbuild, builtWell: boolean): Promise<void>;
  /** Ends those of an app that are idle. */
  endApp(appKey: string): Promise<void>;
  /** Ends all, and starts no more. */
  close(): Promise<void>;
}

interface Place {
  readonly key: string;
  readonly appKey: string;
  warm: WarmMxbuild | undefined;
  isBusy: boolean;
  hasBuiltWell: boolean;
  usedAt: number;
  idleTimer: NodeJS.Timeout | undefined;
}

/** Removing a project takes no longer, or something is in its way. */
const CLEAR_MS = 30_000;

export function warmMxbuilds(options: WarmMxbuildsOptions): WarmMxbuilds {
  const { most, idleMs, readyMs, pauseMs, clock } = options;
  const places = new Set<Place>();
  const pausedUntil = new Map<string, number>();
  const closing = new AbortController();

  async function borrow(owner: WarmOwner, given: BorrowOptions): Promise<WarmMxbuild | undefined> {
    if (most === 0 || closing.signal.aborted) return undefined;
    const key = keyOf(owner);
    const own = places.values().find((place) => place.key === key);
    if (own !== undefined) return take(own, given);
    if (isPaused(key)) return undefined;
    const oldest = places.size < most ? undefined : oldestIdle();
    if (places.size >= most && oldest === undefined) return undefined;
    const place = reserve(key, owner.appKey);
    if (oldest !== undefined) await endPlace(oldest);
    return await start(place, owner, given);
  }

  function take(place: Place, { output, say }: BorrowOptions): WarmMxbuild | undefined {
    if (place.isBusy || place.warm === undefined || place.warm.hasEnded) return undefined;
    clearTimeout(place.idleTimer);
    place.isBusy = true;
    place.warm.output = output;
    say('building with the MxBuild of the build before');
    return place.warm;
  }

  function pause({ key }: Place): void {
    pausedUntil.set(key, clock() + pauseMs);
  }

  function isPaused(key: string): boolean {
    for (const [paused, until] of pausedUntil) if (until <= clock()) pausedUntil.delete(paused);
    return pausedUntil.has(key);
  }

  function oldestIdle(): Place | undefined {
    const idle = [...places].filter(({ isBusy }) => !isBusy);
    return idle.toSorted((a, b) => a.usedAt - b.usedAt)[0];
  }

  function reserve(key: string, appKey: string): Place {
    const place: Place = {
      key,
      appKey,
      warm: undefined,
      isBusy: true,
      hasBuiltWell: false,
      usedAt: clock(),
      idleTimer: undefined,
    };
    places.add(place);
    return place;
  }

  async function start(place: Place, owner: WarmOwner, given: BorrowOptions): Promise<WarmMxbuild | undefined> {
    const { output, say, signal } = given;
    const began = clock();
    const late = AbortSignal.timeout(readyMs);
    try {
      const bounds = AbortSignal.any([signal, closing.signal, late]);
      const warm = await startWarmMxbuild({ ...options, ...given }, owner, output, bounds);
      place.warm = warm;
      void warm.ended.then(() => place.isBusy || forget(place));
      say(`MxBuild is ready after ${((clock() - began) / 1000).toFixed(1)} s and stays for the next build`);
      return warm;
    } catch (error) {
      forget(place);
      signal.throwIfAborted();
      if (closing.signal.aborted) return undefined;
      if (!late.aborted && !(error instanceof ServiceFault)) throw error;
      pause(place);
      const why = error instanceof ServiceFault ? error.message : `it was not ready after ${readyMs / 1000} s`;
      say(`MxBuild cannot be kept for the next build, since ${why}`);
      return undefined;
    }
  }

  async function giveBack(warm: WarmMxbuild, builtWell: boolean): Promise<void> {
    const place = places.values().find((one) => one.warm === warm);
    const isFit = builtWell && (await isCleared(warm)) && !warm.hasEnded && !closing.signal.aborted;
    warm.output = undefined;
    if (place === undefined) return await warm.end();
    place.hasBuiltWell ||= builtWell;
    if (!isFit) {
      if (!place.hasBuiltWell) pause(place);
      return await endPlace(place);
    }
    place.isBusy = false;
    place.usedAt = clock();
    place.idleTimer = setTimeout(() => void endPlace(place), idleMs).unref();
  }

  /** It keeps its place for as long as anything of it is left. */
  async function endPlace(place: Place): Promise<void> {
    place.isBusy = true;
    clearTimeout(place.idleTimer);
    await place.warm?.end();
    forget(place);
  }

  function forget(place: Place): void {
    clearTimeout(place.idleTimer);
    places.delete(place);
  }

  return {
    borrow,
    giveBack,
    async endApp(appKey) {
      const idle = [...places].filter((place) => place.appKey === appKey && !place.isBusy);
      await Promise.all(idle.map(endPlace));
    },
    async close() {
      closing.abort();
      await Promise.all([...places].map(endPlace));
    },
  };
}

function keyOf({ appKey, branch, mendixVersion, toolchain, javaHome }: WarmOwner): string {
  return JSON.stringify([appKey, branch, mendixVersion, toolchain, javaHome]);
}

async function isCleared(warm: WarmMxbuild): Promise<boolean> {
  return await warm.clear(AbortSignal.timeout(CLEAR_MS)).then(
    () => true,
    () => false,
  );
}
