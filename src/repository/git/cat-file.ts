import { type ChildProcess, spawn } from 'node:child_process';
import { notStarted } from '../not-started.ts';
import { GIT_OPTIONS, type GitSettings, gitEnvironment } from './git-settings.ts';

/** Output kept here at most before the process has to wait. */
const BUFFERED_BYTES = 2 * 1024 * 1024;
const STDERR_KEPT = 4_096;

/** The process is gone, or was ended because it said nothing for too long. Another one may be asked. */
export class CatFileDied extends Error {
  override readonly name = 'CatFileDied';
}

/**
 * One `git cat-file --batch-command`: commands go in, answers come out in the same order. It has one user at a time
 * (see {@link CatFilePool}).
 *
 * It runs with `--buffer`: nothing is answered before a `flush`.
 */
export class CatFile {
  readonly gitDir: string;
  /** Has no streams when it could not be started for want of file descriptors. */
  readonly #child: ChildProcess;
  readonly #silenceMs: number;
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  #wake: (() => void) | undefined;
  #alive = true;
  #notStarted: Error | undefined;
  #stderr = '';

  constructor(settings: GitSettings, gitDir: string) {
    this.gitDir = gitDir;
    this.#silenceMs = settings.localTimeoutMs;
    this.#child = spawn('git', [...GIT_OPTIONS, 'cat-file', '--batch-command', '--buffer'], {
      cwd: gitDir,
      env: { ...gitEnvironment(settings), GIT_DIR: gitDir },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const gone = () => {
      this.#alive = false;
      this.#wake?.();
    };
    this.#child.on('error', (error) => {
      if (this.#child.pid === undefined) this.#notStarted = notStarted('git', 'git', error);
      gone();
    });
    this.#child.on('close', gone);
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_KEPT);
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Sends whole lines of commands. They are short, and few are under way at once: there is no backpressure. */
  send(commands: string): void {
    this.#child.stdin?.write(commands);
  }

  /** The next line, without its end. @throws CatFileDied */
  async line(): Promise<string> {
    for (let searched = 0; ; ) {
      const at = this.#indexOfNewline(searched);
      if (at >= 0) return this.#cut(at + 1).toString('utf8', 0, at);
      searched = this.#bufferedBytes;
      await this.#more();
    }
  }

  /** Exactly so many bytes. @throws CatFileDied */
  async take(sizeBytes: number): Promise<Buffer> {
    if (this.#bufferedBytes >= sizeBytes) return this.#cut(sizeBytes);
    const whole = Buffer.allocUnsafe(sizeBytes);
    for (let filled = 0; filled < sizeBytes; ) {
      const part = await this.some(sizeBytes - filled);
      filled += part.copy(whole, filled);
    }
    return whole;
  }

  /** What is there, at least one byte and up to so many. @throws CatFileDied */
  async some(limitBytes: number): Promise<Buffer> {
    while (this.#bufferedBytes === 0) await this.#more();
    return this.#cut(Math.min(limitBytes, this.#chunks[0]?.length ?? 0));
  }

  /** Lets it go when it has answered everything. */
  end(): void {
    this.#child.stdin?.end();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
    // Nobody drains it any more, and without that its end would never be seen.
    this.#child.stdout?.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    if (this.#bufferedBytes >= BUFFERED_BYTES) this.#child.stdout?.pause();
    this.#wake?.();
  }

  async #more(): Promise<void> {
    if (this.#notStarted !== undefined) throw this.#notStarted;
    if (!this.#alive) throw new CatFileDied(`git cat-file ended: ${this.#stderr.trim() || 'it said nothing'}`);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.kill(), this.#silenceMs);
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
    clearTimeout(timer);
  }

  #cut(sizeBytes: number): Buffer {
    const parts: Buffer[] = [];
    for (let missing = sizeBytes; missing > 0; ) {
      const chunk = this.#chunks[0] ?? Buffer.alloc(0);
      if (chunk.length <= missing) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(missing);
      parts.push(chunk.subarray(0, missing));
      missing -= Math.min(missing, chunk.length);
    }
    this.#bufferedBytes -= sizeBytes;
    if (this.#bufferedBytes < BUFFERED_BYTES) this.#child.stdout?.resume();
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  #indexOfNewline(from: number): number {
    let start = 0;
    for (const chunk of this.#chunks) {
      const at = from < start + chunk.length ? chunk.indexOf(10, Math.max(0, from - start)) : -1;
      if (at >= 0) return start + at;
      start += chunk.length;
    }
    return -1;
  }
}
