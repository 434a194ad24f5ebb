import { readFile } from 'node:fs/promises';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { ifThere } from '../../files/file-errors.ts';
import { replaceFile } from '../../files/replace-file.ts';
import { DeploymentFailure } from '../deployment-target.ts';
import type { Places } from './places.ts';

const Id = Type.String({ pattern: '^[0-9a-f-]{36}$' });

const RunStateSchema = Type.Object({
  /** What was transported and is still there; the one that was transported last stands at the end. */
  releases: Type.Array(Type.Object({ id: Id, version: Type.String() })),
  run: Type.Union([
    Type.Object({ phase: Type.Literal('stopped') }),
    Type.Object({ phase: Type.Literal('running'), id: Id }),
    Type.Object({
      /** Begun, and not known to have ended: the one may run, or the former, or neither. */
      phase: Type.Literal('starting'),
      id: Id,
      /** Where the link led before. */
      former: Type.Optional(Id),
      formerRan: Type.Boolean(),
    }),
  ]),
});

/** What the target remembers of an environment. */
export type RunState = Readonly<Static<typeof RunStateSchema>>;
export type Release = RunState['releases'][number];
export type Starting = Extract<RunState['run'], { readonly phase: 'starting' }>;

const NOTHING: RunState = { releases: [], run: { phase: 'stopped' } };

/** @throws DeploymentFailure where the file does not hold what was written */
export async function readState({ state }: Places): Promise<RunState> {
  const text = await ifThere(readFile(state, 'utf8'));
  if (text === undefined) return NOTHING;
  const read = parseJson(text);
  if (Check(RunStateSchema, read)) return read;
  const advice = 'end what runs, delete that file, and transport the package again';
  throw new DeploymentFailure(`'${state}' is damaged: ${advice}.`);
}

export async function writeState({ state }: Places, content: RunState): Promise<void> {
  await replaceFile(state, `${JSON.stringify(content, undefined, 2)}\n`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
