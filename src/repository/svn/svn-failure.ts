import { hideCredentials } from '../../domain/credentials-in-text.ts';
import { RepositoryError, type RepositoryErrorKind } from '../repository.ts';
import type { ProgramOutcome } from '../run-program.ts';
import type { SvnAddress } from './svn-address.ts';

interface Phrase {
  /** Error numbers of svn, which are the same in every release, and words of the libraries below it. */
  readonly says: RegExp;
  readonly kind: RepositoryErrorKind;
  /** Ends the sentence `The repository <address> …`. */
  readonly means: string;
}

const MOVED_MEANS = 'redirects to another address, which is not followed: give the app the address where it is now';

/** How failures are told apart: the first that fits. */
const PHRASES: readonly Phrase[] = [
  {
    says: /No space left on device|Disk quota exceeded|E000028\b|E000122\b/i,
    kind: 'no-space',
    means: 'could not be copied, for the disk of this machine is full: make room',
  },
  {
    says: /E170011\b|E195019\b|Repository moved/i,
    kind: 'unreachable',
    means: MOVED_MEANS,
  },
  {
    says: /certificate issued for a different hostname/i,
    kind: 'unreachable',
    means: 'has a certificate for another host name: give the app the address with the name that it is for',
  },
  {
    says: /certificate has expired/i,
    kind: 'unreachable',
    means: 'has a certificate that has expired',
  },
  {
    says: /E230001\b|certificate/i,
    kind: 'unreachable',
    means:
      'has a certificate that is not trusted here: have the machine trust its authority, or set SLIPWAY_REPOSITORY_CA',
  },
  {
    says: /Host key verification failed/i,
    kind: 'unreachable',
    means: 'is on a host whose ssh key is not known: add it to known_hosts',
  },
  {
    says: /E165001\b|E175013\b|E195023\b|E220004\b|blocked by|Access to '.*' forbidden|E000013\b/i,
    kind: 'refused',
    means: 'does not allow it',
  },
  {
    says: /E170001\b|E215004\b|Authentication|Authorization failed|Permission denied/i,
    kind: 'unreachable',
    means: 'does not let us in: check the credentials of the app, or the key of this machine',
  },
  {
    says: /E670002\b|E670003\b|E670008\b|Unknown hostname|Name or service not known|could not resolve/i,
    kind: 'unreachable',
    means: 'is on a host that cannot be found',
  },
  {
    says: /E000111\b|E000113\b|E000101\b|E000110\b|E120171\b|refused|timed out|Can't connect/i,
    kind: 'unreachable',
    means: 'does not accept connections',
  },
  {
    says: /E180001\b|E210005\b|E160013\b|E170000\b|E000002\b|E170013\b|non-existent|not found|E200009\b/i,
    kind: 'unreachable',
    means: 'is not there, or is no Subversion repository',
  },
  {
    says: /E210002\b|E000104\b|E170012\b|closed unexpectedly/i,
    kind: 'unreachable',
    means: 'broke off the connection',
  },
];

/** Whether a server wants to know who we are, and was not told, or does not believe it. */
export function isLoginWanted({ code, stderr }: ProgramOutcome): boolean {
  return code !== 0 && /E170001\b|E215004\b|Authentication failed|Authorization failed/i.test(stderr);
}

/** Turns the outcome of an svn command that failed into one of the closed list. */
export function svnFailure(outcome: ProgramOutcome, address: SvnAddress, timeoutMs: number): RepositoryError {
  const text = hideCredentials(outcome.stderr.trim());
  const cause = new Error(`svn exited with ${outcome.code ?? 'a signal'}: ${text}`);
  const fail = (kind: RepositoryErrorKind, means: string) =>
    new RepositoryError(kind, `The repository ${address.shown} ${means}.`, { cause });
  if (outcome.timedOut) return fail('unreachable', `did not answer within ${Math.round(timeoutMs / 100) / 10} s`);
  const phrase = PHRASES.find(({ says }) => says.test(outcome.stderr));
  return phrase === undefined
    ? fail('unreachable', `could not be used: ${firstLine(text)}`)
    : fail(phrase.kind, phrase.means);
}

/** A server led a command elsewhere, which is never what its app was given. */
export function movedFailure(address: SvnAddress): RepositoryError {
  return new RepositoryError('unreachable', `The repository ${address.shown} ${MOVED_MEANS}.`);
}

function firstLine(text: string): string {
  const line = text.split('\n').find((one) => one.trim() !== '') ?? 'svn gave no reason';
  return line
    .replace(/^svn(?:mucc)?: /, '')
    .replace(/\.$/, '')
    .slice(0, 200);
}
