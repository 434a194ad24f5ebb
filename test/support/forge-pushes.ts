import { createHmac, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/*
 * What the forges send of a push, in the shapes that their documentation shows, trimmed to what anybody may read of them,
 * with made-up names.
 */

export interface TestPush {
  readonly branch: string;
  readonly before: string;
  readonly after: string;
  readonly message?: string;
}

export interface Delivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Makes a delivery of a push, signed with a secret. */
export type Forge = (push: TestPush, secret: string) => Delivery;

export const NOWHERE = '0'.repeat(40);

export const hmacOf = (secret: string, body: string) => createHmac('sha256', secret).update(body).digest('hex');

const githubBody = ({ branch, before, after, message = 'Let it add\n\nNumbers, too.' }: TestPush) => ({
  ref: `refs/heads/${branch}`,
  before,
  after,
  created: before === NOWHERE,
  deleted: after === NOWHERE,
  forced: false,
  base_ref: null,
  compare: `https://github.example/ford/calc/compare/${before}...${after}`,
  commits: after === NOWHERE ? [] : [githubCommit(before, 'Older'), githubCommit(after, message)],
  head_commit: after === NOWHERE ? null : githubCommit(after, message),
  repository: { id: 4711, name: 'calc', full_name: 'ford/calc', default_branch: 'main', pushed_at: Date.now() },
  pusher: { name: 'rford', email: 'richard.ford@example.com' },
  sender: { login: 'rford', id: 51 },
});

const githubCommit = (id: string, message: string) => ({
  id,
  tree_id: id,
  distinct: true,
  message,
  timestamp: '2026-11-24T14:05:09+01:00',
  url: `https://github.example/ford/calc/commit/${id}`,
  author: { name: 'Richard Ford', email: 'richard.ford@example.com', username: 'rford' },
  committer: { name: 'Richard Ford', email: 'richard.ford@example.com', username: 'rford' },
  added: ['one.txt'],
  removed: [],
  modified: [],
});

export const github: Forge = (push, secret) => {
  const body = JSON.stringify(githubBody(push));
  return { body, headers: githubHeaders(body, secret, 'push') };
};

export const githubForm: Forge = (push, secret) => {
  const body = new URLSearchParams({ payload: JSON.stringify(githubBody(push)) }).toString();
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return { body, headers: { ...githubHeaders(body, secret, 'push'), ...type } };
};

export function githubHeaders(body: string, secret: string, event: string): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/044aadd',
    'x-github-event': event,
    'x-github-delivery': randomUUID(),
    'x-github-hook-id': '292430182',
    'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
    'x-hub-signature-256': `sha256=${hmacOf(secret, body)}`,
  };
}

const giteaLike =
  (name: 'Gitea' | 'Forgejo'): Forge =>
  (push, secret) => {
    const { pusher, sender, ...others } = githubBody(push);
    const user = { id: 1, login: 'rford', full_name: 'Richard Ford', email: 'rford@example.com', username: 'rford' };
    const body = JSON.stringify({ ...others, total_commits: 2, pusher: user, sender: user }, undefined, 2);
    const id = randomUUID();
    const names = name === 'Forgejo' ? ['Forgejo', 'Gitea', 'Gogs', 'GitHub'] : ['Gitea', 'Gogs', 'GitHub'];
    const named = names.flatMap((one) => [
      [`x-${one.toLowerCase()}-event`, 'push'],
      [`x-${one.toLowerCase()}-delivery`, id],
    ]);
    const signature = hmacOf(secret, body);
    const signed = name === 'Forgejo' ? { 'x-forgejo-signature': signature } : {};
    return {
      body,
      headers: {
        'content-type': 'application/json',
        ...Object.fromEntries(named),
        ...signed,
        'x-gitea-signature': signature,
        'x-gogs-signature': signature,
        // Old ones do not send what GitHub does.
        ...(name === 'Forgejo' && { 'x-hub-signature-256': `sha256=${signature}` }),
      },
    };
  };

export const gitea = giteaLike('Gitea');
export const forgejo = giteaLike('Forgejo');

const gitlabBody = ({ branch, before, after, message = 'Let it add\n\nNumbers, too.' }: TestPush) =>
  JSON.stringify({
    object_kind: 'push',
    event_name: 'push',
    before,
    after,
    ref: `refs/heads/${branch}`,
    ref_protected: true,
    checkout_sha: after === NOWHERE ? null : after,
    user_id: 51,
    user_name: 'Richard Ford',
    user_username: 'rford',
    user_email: '',
    project_id: 15,
    project: { id: 15, name: 'Calc', path_with_namespace: 'ford/calc', default_branch: 'main' },
    commits: [
      {
        id: after,
        message,
        title: 'Let it add',
        timestamp: '2026-11-24T14:05:09+01:00',
        author: { name: 'Richard Ford', email: '[REDACTED]' },
        added: ['one.txt'],
        modified: [],
        removed: [],
      },
    ],
    total_commits_count: 1,
  });

const gitlabHeaders = () => ({
  'content-type': 'application/json',
  'user-agent': 'GitLab/19.1.0',
  'x-gitlab-event': 'Push Hook',
  'x-gitlab-webhook-uuid': randomUUID(),
  'x-gitlab-event-uuid': randomUUID(),
  'idempotency-key': randomUUID(),
});

export const gitlab: Forge = (push, secret) => ({
  body: gitlabBody(push),
  headers: { ...gitlabHeaders(), 'x-gitlab-token': secret },
});

/** With a signing token, as GitLab 19 does: signed by the library of Standard Webhooks. */
export const gitlabSigned: Forge = (push, secret) => {
  const body = gitlabBody(push);
  const headers = gitlabHeaders();
  const id = headers['idempotency-key'];
  const now = new Date();
  return {
    body,
    headers: {
      ...headers,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, now, body),
    },
  };
};

const bitbucketBranch = (name: string, hash: string, message: string) =>
  hash === NOWHERE ? null : { type: 'branch', name, target: { type: 'commit', hash, message } };

export function bitbucketCloudBody(pushes: readonly TestPush[]): string {
  return JSON.stringify({
    actor: { type: 'user', display_name: 'Richard Ford', nickname: 'rford', uuid: '{51}' },
    repository: { type: 'repository', name: 'calc', full_name: 'ford/calc', uuid: '{4711}' },
    push: {
      changes: pushes.map(({ branch, before, after, message = 'Let it add\n\nNumbers, too.' }) => ({
        new: bitbucketBranch(branch, after, message),
        old: bitbucketBranch(branch, before, 'Older'),
        created: before === NOWHERE,
        closed: after === NOWHERE,
        forced: false,
        truncated: false,
        commits: [
          {
            type: 'commit',
            hash: after,
            message,
            date: '2026-11-24T13:05:09+00:00',
            author: { type: 'author', raw: 'Richard Ford <richard.ford@example.com>' },
          },
        ],
      })),
    },
  });
}

export function bitbucketHeaders(body: string, secret: string, event: string): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/json',
    'x-event-key': event,
    'x-hook-uuid': randomUUID(),
    'x-request-uuid': randomUUID(),
    'x-attempt-number': '1',
    'x-hub-signature': `sha256=${hmacOf(secret, body)}`,
  };
}

export const bitbucketCloud: Forge = (push, secret) => {
  const body = bitbucketCloudBody([push]);
  return { body, headers: bitbucketHeaders(body, secret, 'repo:push') };
};

export const bitbucketServer: Forge = ({ branch, before, after }, secret) => {
  const ref = { id: `refs/heads/${branch}`, displayId: branch, type: 'BRANCH' };
  const kind = before === NOWHERE ? 'ADD' : after === NOWHERE ? 'DELETE' : 'UPDATE';
  const body = JSON.stringify({
    eventKey: 'repo:refs_changed',
    date: '2026-11-24T14:05:09+0100',
    actor: { name: 'rford', emailAddress: 'rford@example.com', id: 51, displayName: 'Richard Ford', type: 'NORMAL' },
    repository: { slug: 'calc', id: 4711, name: 'calc', project: { key: 'FORD' } },
    changes: [{ ref, refId: ref.id, fromHash: before, toHash: after, type: kind }],
  });
  const { 'x-request-uuid': id = '', ...headers } = bitbucketHeaders(body, secret, 'repo:refs_changed');
  return { body, headers: { ...headers, 'x-request-id': id } };
};

/** What a `post-receive` hook sends, signed by `openssl`. */
export const gitHook: Forge = ({ branch, before, after }, secret) => {
  const body = `pusher rford\n${before} ${after} refs/heads/${branch}\nHEAD refs/heads/main\n`;
  return { body, headers: { 'x-hub-signature-256': `sha256=${hmacOf(secret, body)}` } };
};

/** The same, with the secret itself. */
export const gitHookWithToken: Forge = (push, secret) => ({
  body: gitHook(push, secret).body,
  headers: { 'x-slipway-token': secret },
});

export const FORGES: Readonly<Record<string, Forge>> = {
  GitHub: github,
  'GitHub with a form': githubForm,
  Gitea: gitea,
  Forgejo: forgejo,
  GitLab: gitlab,
  'GitLab with a signing token': gitlabSigned,
  'Bitbucket Cloud': bitbucketCloud,
  'Bitbucket Data Center': bitbucketServer,
  'a hook of Git': gitHook,
  'a hook of Git with the secret itself': gitHookWithToken,
};
