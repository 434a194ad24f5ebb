import { isIPv6 } from 'node:net';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Refusal } from '../domain/refusal.ts';

export interface AttemptLimitSettings {
  /** Failures of one login from one address before it has to wait. */
  readonly perLogin: number;
  /** Failures of all logins from one address. Generous: many pipelines may share it. */
  readonly perAddress: number;
  readonly windowSeconds: number;
}

export const ATTEMPT_LIMITS: AttemptLimitSettings = { perLogin: 10, perAddress: 100, windowSeconds: 60 };

/** Counts failed attempts to authenticate. What succeeds is never counted. */
export interface AttemptLimits {
  /** @throws Refusal TOO_MANY_REQUESTS */
  check(attempt: Attempt): Promise<void>;
  countFailure(attempt: Attempt): Promise<void>;
}

export interface Attempt {
  readonly address: string;
  /** As it was given; undefined when a key came alone. */
  readonly login: string | undefined;
}

export function createAttemptLimits(settings: AttemptLimitSettings = ATTEMPT_LIMITS): AttemptLimits {
  const duration = settings.windowSeconds;
  const byLogin = new RateLimiterMemory({ keyPrefix: 'login', points: settings.perLogin, duration });
  const byAddress = new RateLimiterMemory({ keyPrefix: 'address', points: settings.perAddress, duration });
  const keys = (attempt: Attempt) => {
    const network = networkOf(attempt.address);
    return [
      [byAddress, network],
      [byLogin, `${network} ${attempt.login?.toLowerCase().slice(0, 254) ?? ''}`],
    ] as const;
  };
  return {
    async check(attempt) {
      for (const [limiter, key] of keys(attempt)) {
        const state = await limiter.get(key);
        if (state !== null && state.consumedPoints >= limiter.points) throw tooMany(state.msBeforeNext);
      }
    },
    async countFailure(attempt) {
      for (const [limiter, key] of keys(attempt)) await limiter.penalty(key);
    },
  };
}

function tooMany(waitMs: number): Refusal {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  const message = `Too many failed attempts from this address. Try again in ${retryAfterSeconds} seconds.`;
  return new Refusal('TOO_MANY_REQUESTS', message, { retryAfterSeconds });
}

/** One customer has a whole /64 of IPv6 addresses, and would otherwise have as many attempts. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address);
  if (groups.slice(0, 6).join(':') !== IPV4_IN_IPV6) return groups.slice(0, 4).join(':');
  const bytes = groups
    .slice(6)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
  return bytes.join('.');
}

/** RFC 4291, 2.5.5.2: how a server that listens on IPv6 sees an IPv4 address. */
const IPV4_IN_IPV6 = '0:0:0:0:0:ffff';

/** The eight groups of an IPv6 address, however it is spelled: a URL has one spelling for each. */
function groupsOf(address: string): readonly string[] {
  const host = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [before = [], after = []] = host.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}
