import { type Static, type TSchema, Type } from 'typebox';
import { Check } from 'typebox/value';

/** What matters of what an engine says of itself. */
export interface EngineFacts {
  readonly version: string;
  /** Whether it runs as an ordinary user. */
  readonly isRootless: boolean;
  /** Whether it can bound memory and processes. */
  readonly hasLimits: boolean;
}

const PodmanInfo = Type.Object({
  host: Type.Object({
    cgroupControllers: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
    security: Type.Object({ rootless: Type.Boolean() }),
  }),
  version: Type.Object({ Version: Type.String() }),
});

const PodmanVersion = Type.Object({ Client: Type.Object({ Version: Type.String() }) });

const DockerInfo = Type.Object({
  ServerVersion: Type.String({ minLength: 1 }),
  MemoryLimit: Type.Optional(Type.Boolean()),
  PidsLimit: Type.Optional(Type.Boolean()),
  SecurityOptions: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
});

/** Reads `podman info --format=json`. */
export function describePodman(text: string): EngineFacts | undefined {
  const info = parse(PodmanInfo, text);
  if (info === undefined) return undefined;
  const controllers = info.host.cgroupControllers ?? [];
  return {
    version: info.version.Version,
    isRootless: info.host.security.rootless,
    hasLimits: controllers.includes('memory') && controllers.includes('pids'),
  };
}

/** Reads `podman version --format=json`. */
export function describePodmanOfRoot(text: string): EngineFacts | undefined {
  const answer = parse(PodmanVersion, text);
  return answer && { version: answer.Client.Version, isRootless: false, hasLimits: true };
}

/** Reads `docker info --format={{json .}}`. */
export function describeDocker(text: string): EngineFacts | undefined {
  const info = parse(DockerInfo, text);
  if (info === undefined) return undefined;
  return {
    version: info.ServerVersion,
    isRootless: (info.SecurityOptions ?? []).some((option) => option.split(',').includes('name=rootless')),
    hasLimits: info.MemoryLimit === true && info.PidsLimit === true,
  };
}

/** @returns undefined for what is not JSON or not of that form */
export function parse<Schema extends TSchema>(schema: Schema, text: string): Static<Schema> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Check(schema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
