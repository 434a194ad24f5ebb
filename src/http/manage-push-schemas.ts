import { Type } from 'typebox';
import {
  NewPushSecretSchema,
  PushAnswerSchema,
  PushRuleSchema,
  PushSchema,
  PushSecretSchema,
  SetPushRuleSchema,
  SetPushSecretSchema,
} from '../protocol/pushes.ts';
import { API_ANYWHERE, NOTHING, type Operation, type RightsNeeded } from './operation-description.ts';

const ON_APP = ['INVALID_APPID', 'APP_NOT_FOUND'] as const;
const BUILDS_ANYWHERE = { rights: ['api', 'transport'], on: 'any-environment' } as const satisfies RightsNeeded;

/** The calls about pushes that start builds: see `route-schemas.ts`. */
export const MANAGE_PUSH_CALLS = {
  receivePush: {
    tag: 'Repositories that push',
    needs: 'nothing',
    summary: 'Tell of a push',
    description:
      'As GitHub, GitLab, Gitea, Forgejo and Bitbucket send it, or a hook of Git or Subversion: see the guide "Build on push". It counts where it is signed with the push secret of the app.',
    answer: PushAnswerSchema,
    errors: ['INVALID_PUSH', 'INVALID_PARAMETERS', 'PAYLOAD_TOO_LARGE', 'TOO_MANY_REQUESTS'],
  },
  showPushSecret: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Show whether an app takes pushes',
    description: 'Never the secret.',
    answer: PushSecretSchema,
    errors: ON_APP,
  },
  setPushSecret: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Give an app a secret for its pushes',
    description: 'In place of the one that it has, which stays good for a day.',
    body: SetPushSecretSchema,
    answer: NewPushSecretSchema,
    errors: [...ON_APP, 'INVALID_PARAMETERS'],
  },
  removePushSecret: {
    tag: 'Management',
    needs: 'admin',
    summary: 'Take no more pushes of an app',
    answer: NOTHING,
    errors: [...ON_APP, 'SECRET_NOT_FOUND'],
  },
  listPushRules: {
    tag: 'Management',
    needs: API_ANYWHERE,
    summary: 'List the push rules of an app',
    description: 'In their order: the first that takes a branch is the one.',
    answer: Type.Array(PushRuleSchema),
    errors: ON_APP,
  },
  setPushRule: {
    tag: 'Management',
    needs: BUILDS_ANYWHERE,
    summary: 'Set the push rule of an app for a branch',
    description: 'In place of the one that it has. Its builds are those of the user who sets it.',
    body: SetPushRuleSchema,
    answer: PushRuleSchema,
    errors: [...ON_APP, 'INVALID_PARAMETERS', 'PUSH_RULE_NOT_FOUND'],
  },
  removePushRule: {
    tag: 'Management',
    needs: BUILDS_ANYWHERE,
    summary: 'Forget the push rule of an app for a branch',
    answer: NOTHING,
    errors: [...ON_APP, 'INVALID_PARAMETERS', 'PUSH_RULE_NOT_FOUND'],
  },
  listPushes: {
    tag: 'Management',
    needs: API_ANYWHERE,
    summary: 'List the pushes of an app',
    description: 'Newest first, with what became of each; for 90 days.',
    query: { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 50 })) },
    answer: Type.Array(PushSchema),
    errors: [...ON_APP, 'INVALID_PARAMETERS'],
  },
} as const satisfies Record<string, Operation>;
