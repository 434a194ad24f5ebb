import assert from 'node:assert/strict';
import { BuildFailure } from '../../../src/domain/failure.ts';
import { FACTS } from '../build-package.ts';
import { readZip } from '../read-zip.ts';
import { recordingLog } from '../recording-log.ts';
import { until } from '../until.ts';
import { type MxbuildGiven, openMxbuildWorld } from './mxbuild-world.ts';

/** A world in which one MxBuild is kept, unless something else is said. */
export async function openWarmWorld(t: { after(work: () => unknown): void }, given: MxbuildGiven = {}) {
  const world = await openMxbuildWorld(t, { ...given, warm: { most: 1, ...given.warm } });
  return {
    ...world,
    /** Builds, and tells what the stand-in wrote of it in service mode. */
    async buildAndTell(behaviour?: object, facts?: Partial<typeof FACTS>) {
      const { bytes, lines } = await world.build({ tell: true, ...behaviour }, facts === undefined ? {} : { facts });
      return { served: await readServed(bytes), lines, log: lines.join('\n') };
    },
    /** Starts a build that hangs, and waits until MxBuild is at it. */
    async hang(behaviour: object = { served: { hang: true } }) {
      const canceled = new AbortController();
      const lines: string[] = [];
      const log = recordingLog(lines);
      const output = { write: async () => {}, commit: assert.fail, abort: async () => {} };
      const tree = world.treeOf(behaviour);
      const job = { tree, facts: FACTS, output, log, secrets: {}, report: {}, signal: canceled.signal };
      const building = world.builder.build(job);
      building.catch(() => undefined);
      await until('it is building', () => lines.some((line) => line.startsWith('Building ')));
      return { building, cancel: () => canceled.abort(new Error('canceled')) };
    },
  };
}

/** What the stand-in tells of a package that it made in service mode; undefined for any other. */
export async function readServed(bytes: Buffer) {
  const member = (await readZip(bytes)).find(({ name }) => name === 'model/served.json');
  return member === undefined ? undefined : JSON.parse(String(await member.content()));
}

/** Waits for a build that fails. */
export async function failureOf(building: Promise<unknown>): Promise<BuildFailure> {
  const error = await building.then(
    () => assert.fail('it did not fail'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof BuildFailure, String(error));
  return error;
}
