import { Type } from 'typebox';
import { BuildFailure } from '../../domain/failure.ts';
import { quote } from '../../domain/refusal.ts';
import type { Engine } from './engine.ts';
import { parse } from './engine-facts.ts';
import { isImageName, withRegistry } from './image-name.ts';
import { lastLine, runEngine } from './run-engine.ts';

export interface Image {
  /** Names exactly this image, whatever becomes of its name. */
  readonly id: string;
  /** Folders that the image wants to be written: an engine would give them room on its disk, without any bound. */
  readonly volumes: readonly string[];
}

export const PULL_POLICIES = ['missing', 'never'] as const;
export type PullPolicy = (typeof PULL_POLICIES)[number];

const Inspected = Type.Tuple([
  Type.Object({
    Id: Type.String({ pattern: '^(sha256:)?[0-9a-f]{64}$' }),
    Config: Type.Optional(
      Type.Union([
        Type.Object({ Volumes: Type.Optional(Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()])) }),
        Type.Null(),
      ]),
    ),
  }),
]);

/**
 * Finds an image in the engine's store, and fetches it where it is not there and may be fetched.
 *
 * @param onOutput takes what the engine says while it fetches
 * @throws BuildFailure `build-file` where it is no name, `toolchain-missing` where it cannot be had; the reason of the
 *   signal
 */
export async function ensureImage(
  engine: Engine,
  name: string,
  policy: PullPolicy,
  { onOutput, signal }: { onOutput: (chunk: Uint8Array) => void | Promise<void>; signal: AbortSignal },
): Promise<Image> {
  if (!isImageName(name)) throw new BuildFailure('build-file', `${quote(name)} is not the name of an image.`);
  const present = await findImage(engine, name, signal);
  if (present !== undefined) return present;
  if (policy === 'never') throw notThere(name, `fetch it on the server ('${engine.kind} pull ${withRegistry(name)}')`);
  await onOutput(Buffer.from(`Fetching the image ${name} …\n`));
  // Without its kind podman would take some names for files of this server.
  const remote = withRegistry(name);
  const source = engine.kind === 'podman' ? `docker://${remote}` : remote;
  const { code, complaint } = await runEngine(engine, ['pull', source], signal, onOutput);
  const fetched = code === 0 ? await findImage(engine, remote, signal) : undefined;
  if (fetched !== undefined) return fetched;
  throw notThere(name, `fetching it failed (${lastLine(complaint) || `'pull' ended with ${code}`})`);
}

async function findImage(engine: Engine, name: string, signal: AbortSignal): Promise<Image | undefined> {
  const { code, output } = await runEngine(engine, ['image', 'inspect', name], signal);
  const [inspected] = (code === 0 ? parse(Inspected, output) : undefined) ?? [];
  if (inspected === undefined) return undefined;
  return { id: inspected.Id, volumes: Object.keys(inspected.Config?.Volumes ?? {}) };
}

function notThere(name: string, what: string): BuildFailure {
  return new BuildFailure('toolchain-missing', `The image ${quote(name)} is not on the server: ${what}.`);
}
