import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openRoundRobin } from '../round-robin.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { atEndpoint, type TestS3 } from './s3-server.ts';

type Context = { after(work: () => unknown): void };

/** An S3 store in a process of its own. */
export interface S3Child {
  readonly s3: TestS3;
  /** Ends it, if it has not ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts one. @param folder where it keeps everything; in memory where it is not given */
export async function startS3Child(test: Context, folder?: string): Promise<S3Child> {
  const script = fileURLToPath(new URL('s3-process.ts', import.meta.url));
  const child: ChildProcess = fork(script, folder === undefined ? [] : [folder]);
  const ended = once(child, 'exit');
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  test.after(() => end('SIGKILL'));
  const [s3] = await Promise.race([once(child, 'message'), ended.then(() => ['The S3 store has not started.'])]);
  if (typeof s3 === 'string') throw new Error(s3);
  child.disconnect();
  return { s3, end };
}

/** An S3 store at an address that stays while its process is killed and started again. */
export interface MortalS3 {
  readonly s3: TestS3;
  kill(): Promise<void>;
  /** Starts it again on what the one before has kept. */
  start(): Promise<void>;
}

export async function startMortalS3(test: Context): Promise<MortalS3> {
  const folder = await temporaryFolder(test);
  let child: S3Child | undefined = await startS3Child(test, folder);
  const endpoint = await openRoundRobin(test, () => [child?.s3.endpoint]);
  return {
    s3: atEndpoint(child.s3, endpoint),
    async kill() {
      const killed = child;
      child = undefined;
      await killed?.end('SIGKILL');
    },
    async start() {
      child = await startS3Child(test, folder);
    },
  };
}
