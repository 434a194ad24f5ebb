import { type Static, Type } from 'typebox';
import { Nullable } from './nullable.ts';
import { PACKAGE_STATUSES } from './package.ts';

/** Pushes that start builds: who may send them, the rules of an app, and what became of each. */

/**
 * What became of a push to a branch. `Waiting`: it is still to be seen to. `Started`: a build was accepted. `Ignored`: no
 * rule takes its branch. `Overtaken`: a newer push came before its turn. `Refused`: whoever set the rule may not build any
 * more. `Failed`: no build could be started.
 */
export const PUSH_STATUSES = ['Waiting', 'Started', 'Ignored', 'Overtaken', 'Refused', 'Failed'] as const;
export type PushStatus = (typeof PUSH_STATUSES)[number];

/** Enough that nobody finds it by trying. */
const LEAST_SECRET_CHARACTERS = 16;

export const SetPushSecretSchema = Type.Object({
  Secret: Type.Optional(
    Type.String({
      minLength: LEAST_SECRET_CHARACTERS,
      maxLength: 200,
      pattern: '^[\\x21-\\x7e]+$',
      description: 'Letters, digits and signs without blanks; a new one is made where none is given.',
    }),
  ),
});
export type SetPushSecret = Static<typeof SetPushSecretSchema>;

const ADDRESS = Type.String({ description: 'Where pushes are sent to.' });

export const NewPushSecretSchema = Type.Object({
  Url: ADDRESS,
  Secret: Type.Optional(Type.String({ description: 'Where it was made here. Never answered again.' })),
});
export type WireNewPushSecret = Static<typeof NewPushSecretSchema>;

export const PushSecretSchema = Type.Object({
  Url: ADDRESS,
  ChangeDate: Nullable(Type.Integer({ description: 'null where the app has no push secret, and takes no pushes.' })),
  FormerUntil: Nullable(Type.Integer({ description: 'Until when the former secret is good as well.' })),
});
export type WirePushSecret = Static<typeof PushSecretSchema>;

export const SetPushRuleSchema = Type.Object({
  Version: Type.Optional(
    Type.String({
      maxLength: 50,
      default: 'next-patch',
      description:
        '`next-patch`, `next-minor` or `next-major` after the newest package of the branch; `2.5.*` for the patches of 2.5; or always the same, such as `2.5.4`.',
    }),
  ),
  Description: Type.Optional(
    Type.String({ maxLength: 1000, description: 'Of the packages; without one they say who pushed, and what.' }),
  ),
  LatestOnly: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'Whether a newer push ends builds of this rule that are still Queued.',
    }),
  ),
  Before: Type.Optional(
    Type.String({ maxLength: 250, description: 'Branch of the rule to stand before; else it stays, or is the last.' }),
  ),
});
export type SetPushRule = Static<typeof SetPushRuleSchema>;

export const PushRuleSchema = Type.Object({
  Branch: Type.String({
    description: '`main` for the main line, or `branches/<x>`, where `*` stands for any characters.',
  }),
  Version: Type.String(),
  Description: Type.String(),
  LatestOnly: Type.Boolean(),
  Owner: Type.String({ description: 'Login of the user who set it: the builds are this user’s.' }),
  ChangeDate: Type.Integer(),
});
export type WirePushRule = Static<typeof PushRuleSchema>;

export const PushSchema = Type.Object({
  PushId: Type.String({ format: 'uuid' }),
  Date: Type.Integer(),
  Branch: Type.String(),
  Before: Type.String(),
  After: Type.String({ description: 'The revision to build.' }),
  Pusher: Type.String(),
  Summary: Type.String({ description: 'First line of its newest commit message.' }),
  Status: Type.Enum(PUSH_STATUSES, { type: 'string' }),
  Rule: Nullable(Type.String({ description: 'Branch of the rule that took it.' })),
  Reason: Nullable(Type.String({ description: 'Why it started no build, or has not yet.' })),
  PackageId: Nullable(Type.String()),
  PackageStatus: Nullable(Type.Enum(PACKAGE_STATUSES, { type: 'string', description: 'null where it was deleted.' })),
  Version: Nullable(Type.String()),
  Attempts: Type.Integer({ description: 'How often it was tried in vain.' }),
});
export type WirePush = Static<typeof PushSchema>;

/** What whoever sends a push is answered. */
export const PushAnswerSchema = Type.Object({
  Accepted: Type.Boolean({ description: 'Whether anything is going to be built.' }),
  Message: Type.String(),
  Builds: Type.Array(Type.Object({ Branch: Type.String(), Revision: Type.String(), Rule: Nullable(Type.String()) })),
});
export type WirePushAnswer = Static<typeof PushAnswerSchema>;
