import type { PackageStatus } from '../../src/protocol/package.ts';
import type { TagUpdate } from './tag-log.ts';

/*
 * What clients of a cluster were told, and a program that says what of it cannot all be true. An event has the time at
 * which its call was sent and the time at which it was answered, so that only what was asked later has to know better.
 */

/**
 * One call of a client, as it was answered. Where no answer came there is no event, but of what may have happened.
 *
 * `answeredAt` of what may still happen is infinite.
 */
export type ToldEvent = {
  readonly askedAt: number;
  readonly answeredAt: number;
} & (
  | {
      readonly kind: 'accepted';
      readonly key: string;
      readonly packageId: string;
      /** As it was asked for, in three parts. */
      readonly version: string;
      readonly revision: string;
    }
  | {
      readonly kind: 'seen';
      readonly packageId: string;
      readonly status: PackageStatus;
      readonly sha256: string | null;
      readonly reason: string | null;
    }
  /** There is no such package. */
  | { readonly kind: 'missed'; readonly packageId: string }
  | { readonly kind: 'downloaded'; readonly packageId: string; readonly sha256: string }
  /** Sent; it may have happened from then on, whatever is answered. */
  | { readonly kind: 'cancel-sent'; readonly packageId: string }
  | { readonly kind: 'delete'; readonly packageId: string; readonly outcome: Outcome }
  /** A package goes to an environment by one such call only. */
  | {
      readonly kind: 'transport';
      readonly packageId: string;
      readonly environment: string;
      readonly outcome: Outcome;
    }
  | {
      readonly kind: 'start';
      readonly environment: string;
      readonly outcome: Outcome;
      /** Undefined but for one that is done. */
      readonly jobId: string | undefined;
    }
  | {
      readonly kind: 'stop';
      readonly environment: string;
      readonly outcome: Outcome;
      /** Whether it was seen to run, right before. */
      readonly isRunning: boolean;
    }
  /** An answer that no client should ever get, such as 500. */
  | { readonly kind: 'astonished'; readonly answer: string }
);

/** What became of something that a client asked for: `unknown` where no answer came, or one that does not tell. */
export type Outcome = 'done' | 'refused' | 'unknown';

/** A package as it is listed once everything has ended. */
export interface LastSeen {
  readonly packageId: string;
  readonly version: string;
  readonly revision: string;
  readonly status: PackageStatus;
  readonly reason: string | null;
  readonly sha256: string | null;
}

/** How everything is once it has ended. */
export interface LastState {
  readonly packages: readonly LastSeen[];
  /** SHA-256 of what is downloaded then, by PackageId. */
  readonly downloaded: ReadonlyMap<string, string>;
  /** SHA-256 of what another server makes of the same source, by the version. */
  readonly independent: ReadonlyMap<string, string>;
  /** Revisions, by the name of the tag. */
  readonly tags: ReadonlyMap<string, string>;
  /** What the repository wrote down of them. */
  readonly tagUpdates: readonly TagUpdate[];
  /** What a webhook was told; the same `id` may come again. */
  readonly messages: readonly ToldMessage[];
  /** Which packages each environment holds and runs, by its mode. */
  readonly inUse: ReadonlyMap<string, readonly string[]>;
  /** What the system that deploys was ordered to do, oldest first; the same `id` may come again. */
  readonly orders: readonly TargetOrder[];
}

/** Who deploys remembers the ids of orders, and acts once for each. */
export interface TargetOrder {
  readonly id: string;
  readonly call: 'transport' | 'start' | 'stop';
  readonly environment: string;
  readonly packageId: string | undefined;
  readonly at: number;
  /** How its link was answered. */
  readonly linkStatus: number | undefined;
  /** SHA-256 of what was fetched by its link, where all of it came. */
  readonly fetched: string | undefined;
}

export interface ToldMessage {
  readonly id: string;
  readonly eventType: string;
  readonly packageId: string;
  readonly environment?: string;
}

/** Reasons for which a build may fail whatever goes wrong around it: anything else is a breach. */
export interface Allowed {
  readonly reasons: RegExp;
}

const ENDS = ['Succeeded', 'Failed'];

/** @returns a sentence for each thing that cannot be; empty where all is well */
export function findBreaches(events: readonly ToldEvent[], last: LastState, allowed: Allowed): readonly string[] {
  return [
    ...findAstonishment(events),
    ...findTwoAnswers(events),
    ...findLeftEnds(events, last),
    ...findLost(events, last),
    ...findReturned(events, last),
    ...findUnended(last, allowed),
    ...findOtherBytes(events, last),
    ...findTagFaults(events, last),
    ...findTagsTouchedAgain(last),
    ...findToldTwice(events, last),
    ...findWrongTransports(events, last),
    ...findWrongStarts(events, last),
    ...findWrongStops(events, last),
    ...findGoneInUse(events, last),
  ];
}

type Kind = ToldEvent['kind'];

function ofKind<K extends Kind>(events: readonly ToldEvent[], ...kinds: readonly K[]) {
  return events.filter((event): event is ToldEvent & { readonly kind: K } =>
    (kinds as readonly Kind[]).includes(event.kind),
  );
}

function isDone({ outcome }: { readonly outcome: Outcome }): boolean {
  return outcome === 'done';
}

function* findAstonishment(events: readonly ToldEvent[]): Generator<string> {
  for (const { answer } of ofKind(events, 'astonished')) yield `a client was answered ${answer}`;
}

function* findTwoAnswers(events: readonly ToldEvent[]): Generator<string> {
  const byKey = Map.groupBy(ofKind(events, 'accepted'), ({ key }) => key);
  for (const [key, answers] of byKey) {
    const ids = new Set(answers.map(({ packageId }) => packageId));
    if (ids.size > 1) yield `the key ${key} was answered with ${[...ids].join(' and ')}`;
  }
}

function* findLeftEnds(events: readonly ToldEvent[], { packages }: LastState): Generator<string> {
  const now = new Map(packages.map((row) => [row.packageId, row.status]));
  for (const [packageId, seen] of Map.groupBy(ofKind(events, 'seen'), (event) => event.packageId)) {
    for (const end of seen.filter(({ status }) => ENDS.includes(status))) {
      const later = seen.filter(({ askedAt }) => askedAt > end.answeredAt).map(({ status }) => status);
      for (const status of [...later, now.get(packageId) ?? end.status]) {
        if (status !== end.status) yield `${packageId} was ${end.status}, and ${status} afterwards`;
      }
    }
  }
}

/** Nobody asked for it to be deleted, or whoever did was refused, and it is not there. */
function* findLost(events: readonly ToldEvent[], { packages }: LastState): Generator<string> {
  const listed = new Set(packages.map(({ packageId }) => packageId));
  const sent = new Map(
    ofKind(events, 'delete')
      .filter(({ outcome }) => outcome !== 'refused')
      .map((event) => [event.packageId, event.askedAt]),
  );
  for (const packageId of new Set(ofKind(events, 'accepted').map((event) => event.packageId))) {
    if (!sent.has(packageId) && !listed.has(packageId)) yield `${packageId} was accepted and is lost`;
  }
  for (const { packageId, answeredAt } of ofKind(events, 'missed')) {
    if (answeredAt < (sent.get(packageId) ?? Number.POSITIVE_INFINITY)) yield `${packageId} was not there for a while`;
  }
}

function* findReturned(events: readonly ToldEvent[], { packages }: LastState): Generator<string> {
  const listed = new Set(packages.map(({ packageId }) => packageId));
  const found = ofKind(events, 'seen', 'downloaded');
  const gone = [...ofKind(events, 'missed'), ...ofKind(events, 'delete').filter(isDone)];
  for (const { packageId, answeredAt } of gone) {
    const later = found.some((event) => event.packageId === packageId && event.askedAt > answeredAt);
    if (later || listed.has(packageId)) yield `${packageId} was gone and came back`;
  }
}

function* findUnended({ packages }: LastState, { reasons }: Allowed): Generator<string> {
  const ids = new Set<string>();
  for (const { packageId, status, reason } of packages) {
    if (ids.has(packageId)) yield `${packageId} is listed twice`;
    ids.add(packageId);
    if (!ENDS.includes(status)) yield `${packageId} has not ended: it is ${status}`;
    if (status === 'Failed' && !reasons.test(reason ?? ''))
      yield `${packageId} failed without a good reason: ${reason}`;
  }
}

/** Also of packages that were deleted: whoever got the bytes of one before, has got all of them. */
function* findOtherBytes(events: readonly ToldEvent[], last: LastState): Generator<string> {
  const told = Map.groupBy(
    [
      ...ofKind(events, 'downloaded'),
      ...ofKind(events, 'seen').filter(({ status }) => status === 'Succeeded'),
      ...last.orders.flatMap(({ packageId, fetched }) =>
        packageId === undefined || fetched === undefined ? [] : { packageId, sha256: fetched },
      ),
    ],
    ({ packageId }) => packageId,
  );
  const there = new Map(
    last.packages.flatMap((row) => (row.status === 'Succeeded' ? [[row.packageId, row] as const] : [])),
  );
  for (const packageId of new Set([...told.keys(), ...there.keys()])) {
    const row = there.get(packageId);
    const known = (told.get(packageId) ?? []).map(({ sha256 }) => sha256 ?? undefined);
    if (row) known.push(row.sha256 ?? undefined, last.downloaded.get(packageId), last.independent.get(row.version));
    if (new Set(known).size !== 1) yield `${packageId} has not one and the same bytes: ${known.join(', ')}`;
  }
}

/** Each version is built of one revision only: its tag has no other place to be. */
function* findTagFaults(events: readonly ToldEvent[], { packages, tags }: LastState): Generator<string> {
  for (const { packageId, version, revision, status } of packages) {
    if (status !== 'Succeeded') continue;
    const tagged = tags.get(version);
    if (tagged === undefined) yield `${packageId} has no tag ${version}`;
    else if (tagged !== revision) yield `the tag ${version} is at ${tagged}, and ${packageId} was built of ${revision}`;
  }
  const asked = new Set(ofKind(events, 'accepted').map(({ version }) => version));
  for (const tag of tags.keys()) if (!asked.has(askedVersion(tag))) yield `there is a tag ${tag} of no build`;
}

/** No client asks for a tag to be moved or deleted: each is made once, and that is all that ever happens to it. */
function* findTagsTouchedAgain({ tags, tagUpdates }: LastState): Generator<string> {
  const byName = Map.groupBy(tagUpdates, ({ name }) => name);
  for (const [name, updates] of byName) {
    const [first, ...others] = updates;
    if (first?.from !== undefined || others.length > 0) {
      const said = updates.map(({ from, to }) => `from ${from ?? 'nothing'} to ${to ?? 'nothing'}`);
      yield `the tag ${name} was not made once: it went ${said.join(', ')}`;
    }
  }
  for (const name of tags.keys()) if (!byName.has(name)) yield `nothing was written down of the tag ${name}`;
}

/** What a client asked for: its last part says of which revision it was built. */
export function askedVersion(version: string): string {
  return version.split('.').slice(0, 3).join('.');
}

/** Whoever remembers the ids of messages acts once for each. */
function* findToldTwice(events: readonly ToldEvent[], { packages, messages }: LastState): Generator<string> {
  const distinct = [...new Map(messages.map((message) => [message.id, message])).values()];
  const ends = distinct.filter(({ eventType }) => eventType === 'build.succeeded' || eventType === 'build.failed');
  const byPackage = Map.groupBy(ends, ({ packageId }) => packageId);
  for (const [packageId, told] of byPackage) {
    if (told.length > 1) yield `${packageId} was told to have ended ${told.length} times`;
  }
  for (const { packageId } of packages) {
    if (messages.length > 0 && !byPackage.has(packageId)) yield `nobody was told that ${packageId} has ended`;
  }
  const deployed = distinct.filter(({ eventType }) => eventType === 'environment.deployed');
  for (const [environment, told] of Map.groupBy(deployed, (message) => message.environment)) {
    const most = ofKind(events, 'start').filter((event) => event.environment === environment).length;
    if (told.length > most) yield `${environment} was deployed ${told.length} times, and asked for ${most} times`;
  }
}

/** One that was done came by one order, and whole; one that was refused by none; any other by one, or by none. */
function* findWrongTransports(events: readonly ToldEvent[], { orders }: LastState): Generator<string> {
  const ordered = Map.groupBy(ofCall(orders, 'transport'), placeOf);
  const asked = Map.groupBy(ofKind(events, 'transport'), placeOf);
  for (const place of new Set([...ordered.keys(), ...asked.keys()])) {
    const came = ordered.get(place) ?? [];
    const calls = asked.get(place) ?? [];
    const [least, most] = [calls.filter(isDone).length, calls.filter(({ outcome }) => outcome !== 'refused').length];
    const times = distinctIds(came).size;
    if (times < least || times > most) yield `${place} was ordered ${times} times, not ${least} to ${most} times`;
    if (least > 0 && came.every(({ fetched }) => fetched === undefined)) yield `${place} came by half`;
  }
}

/** The order of a start has the id of its job, whoever begins it again. */
function* findWrongStarts(events: readonly ToldEvent[], { orders }: LastState): Generator<string> {
  const ordered = distinctIds(ofCall(orders, 'start'));
  for (const jobId of listAwaitedStarts(events)) {
    if (!ordered.has(jobId)) yield `the start ${jobId} was answered, and never ordered`;
  }
  const starts = ofKind(events, 'start');
  const known = new Set(starts.map(({ jobId }) => jobId));
  const unknown = ofCall(orders, 'start').filter(({ id }) => !known.has(id));
  for (const [environment, others] of Map.groupBy(unknown, (order) => order.environment)) {
    const most = starts.filter((start) => start.environment === environment && start.outcome === 'unknown').length;
    const times = distinctIds(others).size;
    if (times > most)
      yield `${environment} was ordered to start ${times} times more than was asked for, but for ${most}`;
  }
}

/**
 * @returns the jobs of those starts that were ordered, or will be. One that somebody stopped may not have come so far,
 *   unless its environment was seen to run.
 */
export function listAwaitedStarts(events: readonly ToldEvent[]): readonly string[] {
  const stops = ofKind(events, 'stop');
  return ofKind(events, 'start').flatMap(({ environment, askedAt, answeredAt, jobId }) => {
    const mayCut = (stop: (typeof stops)[number]) =>
      stop.environment === environment && stop.answeredAt > askedAt && !(stop.isRunning && stop.askedAt > answeredAt);
    return jobId === undefined || stops.some(mayCut) ? [] : [jobId];
  });
}

/** Each stop is acted on once; one of what does not run needs no order. */
function* findWrongStops(events: readonly ToldEvent[], { orders }: LastState): Generator<string> {
  const ordered = Map.groupBy(ofCall(orders, 'stop'), ({ environment }) => environment);
  const asked = Map.groupBy(ofKind(events, 'stop'), ({ environment }) => environment);
  for (const environment of new Set([...ordered.keys(), ...asked.keys()])) {
    const times = distinctIds(ordered.get(environment) ?? []).size;
    const calls = asked.get(environment) ?? [];
    const least = calls.filter((call) => isDone(call) && call.isRunning).length;
    const most = calls.filter(({ outcome }) => outcome !== 'refused').length;
    if (times < least || times > most) {
      yield `${environment} was ordered to stop ${times} times, not ${least} to ${most} times`;
    }
  }
}

function ofCall(orders: readonly TargetOrder[], call: TargetOrder['call']): readonly TargetOrder[] {
  return orders.filter((order) => order.call === call);
}

function distinctIds(orders: readonly TargetOrder[]): ReadonlySet<string> {
  return new Set(orders.map(({ id }) => id));
}

function placeOf(transport: { readonly packageId: string | undefined; readonly environment: string }): string {
  return `${transport.packageId} to ${transport.environment}`;
}

/**
 * A package that was brought to an environment is there until the next one is. The order of that comes before: turns of an
 * environment are one after the other, also where somebody else takes over.
 */
function* findGoneInUse(events: readonly ToldEvent[], { packages, inUse, orders }: LastState): Generator<string> {
  const listed = new Set(packages.map(({ packageId }) => packageId));
  for (const [environment, used] of inUse) {
    for (const packageId of used) if (!listed.has(packageId)) yield `${environment} has ${packageId}, which is gone`;
  }
  for (const { packageId, environment, linkStatus } of ofCall(orders, 'transport')) {
    if (linkStatus === 404) yield `${environment} was given ${packageId}, which is gone`;
  }
  const deletions = ofKind(events, 'delete').filter(isDone);
  for (const { packageId, environment } of ofKind(events, 'transport').filter(isDone)) {
    const there = ofCall(orders, 'transport').filter((order) => order.environment === environment);
    const from = there.findIndex((order) => order.packageId === packageId);
    const next = there.slice(from).find((order) => order.packageId !== packageId)?.at ?? Number.POSITIVE_INFINITY;
    const isDeleted = deletions.some((deletion) => deletion.packageId === packageId && deletion.answeredAt < next);
    const isGone = next === Number.POSITIVE_INFINITY && !listed.has(packageId);
    if (isDeleted || isGone) yield `${environment} uses ${packageId}, which is gone`;
  }
}
