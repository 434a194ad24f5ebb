import { execFile } from 'node:child_process';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { installStandIn } from './stand-in.ts';

/** Packs an archive like those that MxBuild comes in, with this as its program. */
export async function packMxbuildArchive(file: string, program = '#!/bin/sh\nexit 1\n'): Promise<void> {
  const folder = `${file}.content`;
  await mkdir(join(folder, 'modeler'), { recursive: true });
  await mkdir(join(folder, 'runtime'), { recursive: true });
  await writeFile(join(folder, 'modeler', 'mxbuild'), program);
  await chmod(join(folder, 'modeler', 'mxbuild'), 0o755);
  await writeFile(join(folder, 'runtime', 'runtimelauncher.jar'), 'a jar');
  await mkdir(dirname(file), { recursive: true });
  await promisify(execFile)('tar', ['-C', folder, '-czf', file, 'modeler', 'runtime']);
  await rm(folder, { recursive: true });
}

/** Packs the stand-in for an MxBuild as such an archive, which is not compressed: it is large. */
export async function packStandIn(file: string, version: string): Promise<void> {
  const content = `${file}.content`;
  await mkdir(content);
  const folder = await installStandIn(content, version);
  await promisify(execFile)('tar', ['-C', folder, '-cf', file, 'modeler', 'runtime']);
  await rm(content, { recursive: true });
}
