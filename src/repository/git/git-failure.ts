import { hideCredentials } from '../../domain/credentials-in-text.ts';
import { RepositoryError, type RepositoryErrorKind } from '../repository.ts';
import type { RemoteAddress } from './remote-address.ts';
import type { GitOutcome } from './run-git.ts';

interface Phrase {
  /** What git, curl or ssh write to standard error, in English, as `LANG=C.UTF-8` makes them. */
  readonly says: RegExp;
  readonly kind: RepositoryErrorKind;
  /** Ends the sentence `The repository <address> …`. */
  readonly means: string;
}

const NO_SPACE = /No space left on device|Disk quota exceeded/i;
const NO_SPACE_MEANS = 'could not be copied, for the disk of this machine is full: make room';

const NOT_LET_IN =
  /Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|Permission denied \(|error: 40[13]|Permission to .* denied|access denied/i;

/** How the failures of remote commands are told apart: the first that fits. */
const PHRASES: readonly Phrase[] = [
  {
    says: /not our ref|couldn't find remote ref|no such remote ref|unadvertised object/i,
    kind: 'unknown-revision',
    means: 'does not have the revision',
  },
  {
    says: /transport '.*' not allowed|strange (?:host|port|path)name|url contains a newline/i,
    kind: 'bad-address',
    means: 'is named by an address that git refuses',
  },
  {
    says: NO_SPACE,
    kind: 'no-space',
    means: NO_SPACE_MEANS,
  },
  {
    says: /Protocol ".*" (?:not supported|disabled)|redirect target URL could not be parsed/i,
    kind: 'bad-address',
    means: 'redirects to an address that is not followed: only http and https are',
  },
  {
    says: /Host key verification failed/i,
    kind: 'unreachable',
    means: 'is on a host whose ssh key is not known: add it to known_hosts',
  },
  {
    says: /hook declined|protected (?:branch|tag|ref)|remote rejected|denied by|deny|not permitted|service not enabled/i,
    kind: 'refused',
    means: 'does not allow it',
  },
  {
    says: NOT_LET_IN,
    kind: 'unreachable',
    means: 'does not let us in: check the credentials of the app, or the key of this machine',
  },
  {
    says: /could not resolve host|Name or service not known|Temporary failure in name resolution/i,
    kind: 'unreachable',
    means: 'is on a host that cannot be found',
  },
  {
    says: /SSL|certificate/i,
    kind: 'unreachable',
    means: 'has a certificate that is not trusted here',
  },
  {
    says: /Connection refused|timed out|No route to host|Network is unreachable|Could not connect|unable to connect|Failed to connect/i,
    kind: 'unreachable',
    means: 'does not accept connections',
  },
  {
    says: /not found|does not exist|does not appear to be a git repository|not a git repository|no such file|not exported|invalid gitfile/i,
    kind: 'unreachable',
    means: 'is not there, or is no Git repository',
  },
  {
    says: /shallow/i,
    kind: 'unreachable',
    means: 'is a shallow clone and has no whole history: use the repository it was cloned from',
  },
  {
    says: /hung up|early EOF|unexpected disconnect|Connection reset|Operation too slow|RPC failed|Connection closed/i,
    kind: 'unreachable',
    means: 'broke off the connection',
  },
];

/** Whether a server wants to know who we are, and was not told, or does not believe it. */
export function isGitLoginWanted({ code, stderr }: GitOutcome): boolean {
  return (
    code !== 0 && /Authentication failed|could not read (?:Username|Password)|terminal prompts disabled/i.test(stderr)
  );
}

/** Turns the outcome of a remote command that failed into one of the closed list. */
export function remoteFailure(outcome: GitOutcome, address: RemoteAddress, timeoutMs: number): RepositoryError {
  const cause = new Error(redact(`git exited with ${outcome.code ?? 'a signal'}: ${outcome.stderr.trim()}`, address));
  if (outcome.timedOut) {
    const seconds = Math.round(timeoutMs / 100) / 10;
    return failure('unreachable', address, `did not answer within ${seconds} s`, cause);
  }
  const phrase = PHRASES.find(({ says }) => says.test(outcome.stderr));
  if (phrase !== undefined) return failure(phrase.kind, address, phrase.means, cause);
  return failure('unreachable', address, `could not be used: ${lastLine(redact(outcome.stderr, address))}`, cause);
}

function failure(kind: RepositoryErrorKind, address: RemoteAddress, means: string, cause: Error): RepositoryError {
  return new RepositoryError(kind, `The repository ${address.shown} ${means}.`, { cause });
}

/** What was thrown while a mirror was written: a full disk as what it is, everything else as it came. */
export function writeFailure(error: unknown, address: RemoteAddress): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (!(error instanceof Error) || (code !== 'ENOSPC' && code !== 'EDQUOT')) return error;
  return failure('no-space', address, NO_SPACE_MEANS, error);
}

/** Objects of a mirror are missing or broken: it has to be fetched anew. */
export class MirrorDamaged extends RepositoryError {}

const DAMAGE =
  /bad object|bad tree|corrupt|missing (?:blob|tree|commit|tag|object)|not a git repository|could not (?:read|parse|open)|unable to (?:read|find)|broken|inflate|garbage|Could not/i;

/** A local command failed, which only a damaged mirror or machine explains. */
export function localFailure(outcome: GitOutcome, what: string): RepositoryError {
  const cause = new Error(`git exited with ${outcome.code ?? 'a signal'}: ${outcome.stderr.trim()}`);
  const message = `The mirror of the repository cannot be used to ${what}.`;
  if (NO_SPACE.test(outcome.stderr)) return new RepositoryError('no-space', `${message} Make room.`, { cause });
  const isDamage = outcome.code === 128 && DAMAGE.test(outcome.stderr);
  return isDamage
    ? new MirrorDamaged('unreadable', message, { cause })
    : new RepositoryError('unreadable', message, { cause });
}

function redact(text: string, address: RemoteAddress): string {
  const secrets = [address.credentials?.password, address.credentials?.username].filter((s) => (s?.length ?? 0) > 3);
  return secrets.reduce<string>((safe, secret) => safe.replaceAll(secret ?? '', '***'), hideCredentials(text));
}

function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/^(?:fatal|error|remote|hint): */i, '').trim());
  return (lines.findLast((line) => line !== '') ?? 'git gave no reason').replace(/\.$/, '').slice(0, 200);
}
