import { type Static, Type } from 'typebox';

/** Retentions with a name. `hosted` is what the hosted service documents: what nothing uses goes after 15 days. */
export const RETENTION_PRESETS = ['hosted'] as const;

const MOST_NEWEST = 1000;
const MOST_DAYS = 36_500;

const FIELDS = {
  Preset: Type.Optional(
    Type.Enum(RETENTION_PRESETS, {
      type: 'string',
      description: '`hosted`: as KeepDays 15. It stands alone.',
    }),
  ),
  KeepNewest: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MOST_NEWEST,
      description: 'Keeps the newest so many of each branch that Succeeded, and as many that Failed.',
    }),
  ),
  KeepDays: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MOST_DAYS, description: 'Keeps those that are younger than so many days.' }),
  ),
};

/** What is kept of an app's packages besides what every retention keeps: a package goes once nothing keeps it. */
export const RetentionSchema = Type.Object(FIELDS);
export const RETENTION_FIELDS: readonly string[] = Object.keys(FIELDS);
export type Retention = Static<typeof RetentionSchema>;

/** `hosted`, `newest=10,days=30`: a retention in a word, as the command line takes it and the audit says it. */
export function formatRetention({ Preset, KeepNewest, KeepDays }: Retention): string {
  if (Preset !== undefined) return Preset;
  const parts = [KeepNewest && `newest=${KeepNewest}`, KeepDays && `days=${KeepDays}`];
  return parts.filter((part) => part !== undefined).join(',');
}

/** Reads what {@link formatRetention} writes, and `none`, which is null. @returns undefined for anything else */
export function parseRetention(text: string): Retention | null | undefined {
  if (text === 'none' || text === '') return null;
  const preset = RETENTION_PRESETS.find((name) => name === text);
  if (preset !== undefined) return { Preset: preset };
  const [, newest, days] = /^(?:newest=(\d{1,6}))?(?:(?:^|(?<=\d),)days=(\d{1,6}))?$/.exec(text) ?? [];
  if (newest === undefined && days === undefined) return undefined;
  return {
    ...(newest !== undefined && { KeepNewest: Number(newest) }),
    ...(days !== undefined && { KeepDays: Number(days) }),
  };
}

/** Why a package is kept, where several reasons do, the first of them. */
export const KEEPING_REASONS = {
  Unfinished: 'Its build has not ended.',
  InUse: 'An environment holds it, runs it, or is being given it.',
  Pinned: 'It is pinned.',
  HeldLast: 'It is one of the 5 packages that an environment held before the one that it holds.',
  Newest: 'It is one of the newest of its branch.',
  Young: 'It is younger than the days that are kept.',
} as const;
export type KeepingReason = keyof typeof KEEPING_REASONS;

/** Packages that one answer names at most; it counts all of them. */
export const MOST_NAMED = 100;

export const PrunePackagesSchema = Type.Object({
  DryRun: Type.Optional(
    Type.Boolean({ default: false, description: 'Whether to delete nothing, and only say what would go.' }),
  ),
  ...FIELDS,
  Cursor: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,15}$', description: 'Of the answer before: goes on where that ended.' }),
  ),
});
export type PrunePackages = Static<typeof PrunePackagesSchema>;

const count = (description: string) => Type.Integer({ description });

export const PruneAnswerSchema = Type.Object({
  DryRun: Type.Boolean(),
  Retention: Type.Unsafe<Retention>({ ...RetentionSchema, description: 'What it went by.' }),
  Count: count('Packages that are gone, or would be.'),
  Bytes: count('Size of their files.'),
  Packages: Type.Array(
    Type.Object({
      PackageId: Type.String({ format: 'uuid' }),
      Name: Type.String(),
      Version: Type.String(),
      Status: Type.String(),
      CreationDate: Type.Integer(),
      Size: Type.Integer(),
    }),
    { description: `The first ${MOST_NAMED} of them, the oldest first.` },
  ),
  Kept: Type.Object(
    {
      Unfinished: count(KEEPING_REASONS.Unfinished),
      InUse: count(KEEPING_REASONS.InUse),
      Pinned: count(KEEPING_REASONS.Pinned),
      HeldLast: count(KEEPING_REASONS.HeldLast),
      Newest: count(KEEPING_REASONS.Newest),
      Young: count(KEEPING_REASONS.Young),
    },
    { description: 'How many stay, by the first reason that keeps each.' },
  ),
  Cursor: Type.Union([Type.String(), Type.Null()], {
    description: 'null where every package was looked at; else the same call goes on with it.',
  }),
});
export type PruneAnswer = Static<typeof PruneAnswerSchema>;
