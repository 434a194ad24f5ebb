import { readBitbucketCloudPush, readBitbucketServerPush } from './bitbucket-push.ts';
import { readGithubPush, readGitlabPush } from './forge-push.ts';
import { areGitLines, readGitLines, readSvnLines, type SvnCommit } from './hook-lines.ts';
import { fieldAt, textAt } from './json-fields.ts';
import { malformed, type Push } from './push.ts';

/** What was sent to us, once it is known to be genuine. */
export type Delivery =
  | { readonly kind: 'push'; readonly push: Push }
  | { readonly kind: 'svn'; readonly commit: SvnCommit }
  /** Of another event, which nobody has to do anything about. */
  | { readonly kind: 'other'; readonly event: string };

/** The value of a header by its name in lower case; empty where it is missing. */
export type Headers = (name: string) => string;

/**
 * Reads what a forge or a hook sent, by the header in which it names its event.
 *
 * @throws Refusal INVALID_PARAMETERS for what is none of these
 */
export function readDelivery(header: Headers, body: string): Delivery {
  // Gitea and Forgejo name the event as GitHub does, too.
  const github = header('x-github-event') || header('x-gitea-event') || header('x-forgejo-event');
  const gitlab = header('x-gitlab-event');
  const bitbucket = header('x-event-key');
  if (gitlab !== '') return readGitlab(gitlab, body);
  if (bitbucket !== '') return readBitbucket(bitbucket, body);
  if (github !== '' && github !== 'push') return { kind: 'other', event: github };
  return github === '' ? readHook(body) : { kind: 'push', push: readGithubPush(parseJson(body)) };
}

/** Hooks of a whole instance send pushes under the name `System Hook`. */
function readGitlab(event: string, text: string): Delivery {
  const body = parseJson(text);
  const kind = textAt(body, 'object_kind') || textAt(body, 'event_name');
  return kind === 'push' ? { kind: 'push', push: readGitlabPush(body) } : { kind: 'other', event };
}

function readBitbucket(event: string, text: string): Delivery {
  if (event === 'repo:push') return { kind: 'push', push: readBitbucketCloudPush(parseJson(text)) };
  if (event === 'repo:refs_changed') return { kind: 'push', push: readBitbucketServerPush(parseJson(text)) };
  return { kind: 'other', event };
}

function readHook(body: string): Delivery {
  const lines = body.split(/\r?\n/).filter((line) => line.trim() !== '');
  const commit = readSvnLines(lines);
  if (commit !== undefined) return { kind: 'svn', commit };
  if (areGitLines(lines)) return { kind: 'push', push: readGitLines(lines) };
  const json = parseJson(body);
  if (fieldAt(json, 'ref') === undefined) throw malformed('it has no ref, and no header names its event');
  return { kind: 'push', push: readGithubPush(json) };
}

const FORM = 'payload=';

/** JSON, by itself or in the field `payload` of a form: GitHub sends either. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.startsWith(FORM) ? readFirstField(text) : text);
  } catch {
    throw malformed('it is not JSON, nor the lines of a hook');
  }
}

/** `URLSearchParams` takes minutes for megabytes of fields, and nobody else has a turn meanwhile. */
function readFirstField(form: string): string {
  const [field = ''] = form.split('&', 1);
  return decodeURIComponent(field.slice(FORM.length).replaceAll('+', ' '));
}
