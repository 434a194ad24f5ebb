import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { addTrivialApp, startBenchServer } from './bench-server.ts';
import { trivialBuildMs } from './builds.ts';
import { inTurn, runProgram, timeMs } from './measure.ts';
import type { Bench, Row } from './row.ts';
import { callsPerSecond } from './status.ts';
import { storePackages } from './store-packages.ts';

const PACKAGES = 10_000;
const APPS = 20;
const PACKAGE_BYTES = 32 * 1024;
const SECONDS = 2;
const COMMAND = fileURLToPath(new URL('../../bin/slipway.mjs', import.meta.url));

/** How long a backup of a running server takes, and what the server does meanwhile. */
export async function measureBackup(bench: Bench): Promise<readonly Row[]> {
  bench.say(`backup of ${PACKAGES} packages`);
  const first = await startBenchServer(bench);
  await first.end('SIGTERM');
  storePackages(first.dataFolder, { apps: APPS, packages: PACKAGES, content: randomBytes(PACKAGE_BYTES) });
  const server = await startBenchServer(bench, first.dataFolder);
  const app = await addTrivialApp(bench, server);
  await trivialBuildMs(server, app, 20);
  const folder = await temporaryFolder(bench);
  const file = join(folder, 'backup.tar');
  const backUp = () => runProgram(process.execPath, [COMMAND, 'backup', file, '--force', '--data', server.dataFolder]);
  const copied = join(folder, 'copy.tar');
  const copy = ['-c', 'tar -cf "$0" -C "$1" slipway.db packages logs && sync "$0"', copied, server.dataFolder];
  const made = { ours: () => timeMs(backUp), tar: () => timeMs(() => runProgram('sh', copy)) };
  await inTurn(1, made);
  const { ours, tar } = await inTurn(3, made);
  const restored = await restoreMs(file, folder);
  bench.say('what goes on meanwhile');
  const path = `/api/1/apps/${app.name}/packages`;
  const calls = await inTurn(
    3,
    meanwhile(backUp, () => callsPerSecond(server, path, SECONDS)),
  );
  const builds = await inTurn(
    3,
    meanwhile(backUp, () => trivialBuildMs(server, app, 30)),
  );
  return [
    {
      title: `backup of ${PACKAGES.toLocaleString('en')} packages, 328 MB, while the server runs`,
      unit: 'ms',
      figure: ours,
      reference: { title: '`tar` of the data folder, `sync`', figure: tar },
      goal: { of: 'ratio', is: 'at most', value: 5 },
    },
    {
      title: 'restore of it',
      unit: 'ms',
      figure: restored,
      reference: { title: '`tar` of the data folder, `sync`', figure: tar },
      goal: { of: 'ratio', is: 'at most', value: 15 },
    },
    {
      title: 'list of packages while a backup is made',
      unit: '/s',
      figure: calls.during,
      reference: { title: 'without one', figure: calls.alone },
      goal: { of: 'ratio', is: 'at least', value: 0.5 },
    },
    {
      title: 'trivial build while a backup is made',
      unit: 'ms',
      figure: builds.during,
      reference: { title: 'without one', figure: builds.alone },
      goal: { of: 'ratio', is: 'at most', value: 2 },
    },
  ];
}

async function restoreMs(file: string, folder: string): Promise<number> {
  const to = join(folder, 'restored');
  const { restore } = await inTurn(1, {
    restore: () => timeMs(() => runProgram(process.execPath, [COMMAND, 'restore', file, '--data', to])),
  });
  await rm(to, { recursive: true });
  return restore;
}

/** The same measured alone, and with one backup after the other beside it. */
function meanwhile(backUp: () => Promise<unknown>, measure: () => Promise<number>) {
  return {
    alone: measure,
    async during() {
      let isOver = false;
      const keepOn = async () => {
        while (!isOver) await backUp();
      };
      const backups = keepOn();
      try {
        return await measure();
      } finally {
        isOver = true;
        await backups;
      }
    },
  };
}
