import { fieldAt, firstText, listAt, textAt } from './json-fields.ts';
import { collectPush, malformed, type Push, type PushedCommit } from './push.ts';

/*
 * What the forges send of a push, as their documentation shows it. GitHub: docs.github.com/webhooks, event `push`; Gitea
 * and Forgejo send the same fields, and name the user otherwise; GitLab: docs.gitlab.com, "Webhook events", push events.
 */

/** Reads a push of GitHub, Gitea, Forgejo or Gogs. @throws Refusal INVALID_PARAMETERS */
export function readGithubPush(body: unknown): Push {
  const pusher = firstText(textAt(body, 'pusher', 'name'), nameOfUser(fieldAt(body, 'pusher')), senderOf(body));
  return readUpdate(body, pusher, textAt(body, 'repository', 'default_branch'));
}

/** Reads a push of GitLab. @throws Refusal INVALID_PARAMETERS */
export function readGitlabPush(body: unknown): Push {
  const pusher = firstText(textAt(body, 'user_name'), textAt(body, 'user_username'));
  return readUpdate(body, pusher, textAt(body, 'project', 'default_branch'));
}

function senderOf(body: unknown): string {
  return nameOfUser(fieldAt(body, 'sender'));
}

function nameOfUser(user: unknown): string {
  return firstText(textAt(user, 'full_name'), textAt(user, 'login'), textAt(user, 'username'));
}

function readUpdate(body: unknown, pusher: string, mainBranch: string): Push {
  if (fieldAt(body, 'ref') === undefined) throw malformed('it names no ref');
  const commits = listAt(body, 'commits').map(readCommit);
  const update = { ref: textAt(body, 'ref'), before: textAt(body, 'before'), after: textAt(body, 'after') };
  return collectPush(pusher, [{ ...update, commits, mainBranch }]);
}

function readCommit(commit: unknown): PushedCommit {
  return {
    id: textAt(commit, 'id'),
    message: textAt(commit, 'message'),
    authorName: textAt(commit, 'author', 'name'),
    authorEmail: textAt(commit, 'author', 'email'),
    authorDate: textAt(commit, 'timestamp'),
  };
}
