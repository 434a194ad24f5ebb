/**
 * Runs commands that nobody here has written. A command sees a room of its own, and is bounded in what it takes; when it
 * has ended, so has everything it started.
 */
export interface Sandbox {
  readonly name: 'bubblewrap' | 'none';
  /** Why a command that wants the network is refused; undefined where it gets one. */
  readonly networkRefusal: string | undefined;
  /** Where a command finds the folders of its room. */
  placesIn(room: string): RoomPlaces;
  /**
   * Runs one command to its end, and to the end of every process it has started.
   *
   * @throws BuildFailure `no-sandbox` where the command could not be started; whatever `onOutput` throws; the reason of
   *   the signal
   */
  run(command: SandboxCommand): Promise<SandboxOutcome>;
}

export interface RoomPlaces {
  readonly workspace: string;
  readonly home: string;
  readonly tmp: string;
}

export interface SandboxCommand {
  /** The program, looked for on the `PATH` of the environment, and its arguments. Never a line for a shell. */
  readonly argv: readonly [string, ...string[]];
  /**
   * The absolute path of a folder of this build: its `workspace` is where the command starts, its `home` and `tmp` are
   * the command's own. Those that are missing are made. They may be written; nothing else may.
   */
  readonly room: string;
  /** All the command gets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly network: boolean;
  /** Absolute paths of folders and files that may be read under the same path, such as a toolchain. */
  readonly readOnly: readonly string[];
  /** Folders that may be written too: a path in the workspace, where nothing is, becomes the folder. */
  readonly writable: readonly { readonly folder: string; readonly at: string }[];
  readonly limits: SandboxLimits;
  /** Takes both standard output and standard error, in the order of writing. The command waits meanwhile. */
  readonly onOutput: (chunk: Uint8Array) => void | Promise<void>;
  readonly signal: AbortSignal;
}

export interface SandboxLimits {
  readonly processes: number;
  /** Of all processes together where control groups can be had, else of each. */
  readonly memoryBytes: number;
  /** Of one file. */
  readonly fileBytes: number;
  /** Of the room and the writable folders. Looked at from time to time: more may be written before it is noticed. */
  readonly diskBytes: number;
  readonly timeMs: number;
}

export type SandboxOutcome =
  /** By its own doing; a signal counts as 128 and its number. */
  | { readonly kind: 'exited'; readonly code: number }
  /** Ended here, because it took more than it may. */
  | { readonly kind: 'over-limit'; readonly limit: 'time' | 'disk' };
