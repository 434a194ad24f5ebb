import { bubblewrapSandbox } from '../../src/sandbox/bubblewrap.ts';
import { buildPackage } from '../support/build-package.ts';
import { sourceText } from '../support/made-content.ts';
import { openMxbuildWorld } from '../support/mxbuild/mxbuild-world.ts';
import { inTurn, median, timeMs } from './measure.ts';
import type { Bench, Row } from './row.ts';

const FILES = 500;
const FILE_BYTES = 20_000;

/**
 * What a build costs around MxBuild, with one that is kept and with one that is started for it. The stand-in does the same
 * small work both ways and does not pretend to be slow to start: what a real one gains is not in this.
 */
export async function measureWarmMxbuild(bench: Bench): Promise<readonly Row[]> {
  bench.say('builds with an MxBuild that is kept');
  const sandbox = bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] });
  const [kept, started] = [
    await openMxbuildWorld(bench, { sandbox, warm: { most: 1 } }),
    await openMxbuildWorld(bench, { sandbox }),
  ];
  const files = Array.from({ length: FILES }, (_, at) => ({
    path: `mprcontents/${at % 40}/unit-${at}.mxunit`,
    content: sourceText(FILE_BYTES, `${at}`),
  }));
  const buildMs = async ({ builder, treeOf }: typeof kept) => {
    const times: number[] = [];
    for (let at = 0; at < 3; at += 1) times.push(await timeMs(() => buildPackage(builder, treeOf({}, files))));
    return median(times);
  };
  const measures = { kept: () => buildMs(kept), started: () => buildMs(started) };
  await inTurn(1, measures);
  const ms = await inTurn(7, measures);
  return [
    {
      title: `build around an MxBuild (stand-in) that is kept, ${FILES} files`,
      unit: 'ms',
      figure: ms.kept,
      reference: { title: 'the same, with one started for the build', figure: ms.started },
      goal: { of: 'ratio', is: 'at most', value: 0.75 },
    },
  ];
}
