import type { PackageStatus } from '../../src/protocol/package.ts';
import type { TagUpdate } from './tag-log.ts';

/*
 * What clients of a cluster were told, and a program that says what of it cannot all be true. An event has the time at
 * which its call was sent and the time at which it was answered, so that only what was asked later has to know better.
 */

/** One call of a client, as it was answered. Where no answer came there is no event, but of what may have happened. */
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
  | { readonly kind: 'delete-sent' | 'cancel-sent'; readonly packageId: string }
  | { readonly kind: 'deleted'; readonly packageId: string }
  | { readonly kind: 'transport-sent' | 'transported'; readonly packageId: string; readonly environment: string }
  | { readonly kind: 'start-sent'; readonly packageId: string; readonly environment: string }
  /** An answer that no client should ever get, such as 500. */
  | { readonly kind: 'astonished'; readonly answer: string }
);

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
    ...findGoneInUse(events, last),
  ];
}

type Kind = ToldEvent['kind'];

function ofKind<K extends Kind>(events: readonly ToldEvent[], ...kinds: readonly K[]) {
  return events.filter((event): event is ToldEvent & { readonly kind: K } =>
    (kinds as readonly Kind[]).includes(event.kind),
  );
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

/** Nobody asked for it to be deleted, and it is not there. */
function* findLost(events: readonly ToldEvent[], { packages }: LastState): Generator<string> {
  const listed = new Set(packages.map(({ packageId }) => packageId));
  const sent = new Map(ofKind(events, 'delete-sent').map((event) => [event.packageId, event.askedAt]));
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
  for (const { packageId, answeredAt } of ofKind(events, 'deleted', 'missed')) {
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

function* findOtherBytes(events: readonly ToldEvent[], last: LastState): Generator<string> {
  for (const { packageId, version, status, sha256 } of last.packages) {
    if (status !== 'Succeeded') continue;
    const known = [
      sha256,
      last.downloaded.get(packageId),
      last.independent.get(version),
      ...ofKind(events, 'downloaded')
        .filter((event) => event.packageId === packageId)
        .map((event) => event.sha256),
      ...ofKind(events, 'seen')
        .filter((event) => event.packageId === packageId && event.status === 'Succeeded')
        .map((event) => event.sha256),
    ];
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
  const starts = ofKind(events, 'start-sent');
  const deployed = distinct.filter(({ eventType }) => eventType === 'environment.deployed');
  for (const [place, told] of Map.groupBy(deployed, placeOf)) {
    const most = starts.filter((event) => placeOf(event) === place).length;
    if (told.length > most) yield `${place} was deployed ${told.length} times, and asked for ${most} times`;
  }
}

function placeOf({ packageId, environment }: { readonly packageId: string; readonly environment?: string }): string {
  return `${packageId} to ${environment}`;
}

/** What an environment was given last is kept, whoever wanted to delete it. */
function* findGoneInUse(events: readonly ToldEvent[], { packages }: LastState): Generator<string> {
  const listed = new Set(packages.map(({ packageId }) => packageId));
  const sent = ofKind(events, 'transport-sent');
  for (const { packageId, environment, answeredAt } of ofKind(events, 'transported')) {
    const isLast = !sent.some((event) => event.environment === environment && event.askedAt > answeredAt);
    if (isLast && !listed.has(packageId)) yield `${environment} uses ${packageId}, which is gone`;
  }
}
