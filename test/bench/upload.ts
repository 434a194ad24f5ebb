import { readFile } from 'node:fs/promises';
import { craftZip } from '../support/make-zip.ts';
import { addTrivialApp, headersOf, startBenchServer } from './bench-server.ts';
import type { Bench, Row } from './row.ts';

const MEGABYTES = 400;

/** How much memory a server takes at most while a large package is uploaded and checked. */
export async function measureUpload(bench: Bench): Promise<readonly Row[]> {
  bench.say(`an upload of ${MEGABYTES} MB`);
  const server = await startBenchServer(bench);
  const app = await addTrivialApp(bench, server);
  const body = new FormData();
  body.set(
    'file',
    new Blob([craftZip([{ name: 'a.bin', content: Buffer.alloc(MEGABYTES * 1e6), method: 0 }])]),
    'a.mda',
  );
  const url = `${server.url}/api/1/apps/${app.name}/packages/upload`;
  const answer = await fetch(url, { method: 'POST', headers: headersOf(server.admin), body });
  if (!answer.ok) throw new Error(`The upload was answered ${answer.status}: ${await answer.text()}`);
  return [
    {
      title: `most memory (RSS) of a server that has taken an upload of ${MEGABYTES} MB, as a form`,
      unit: 'MiB',
      figure: await readPeakMiB(server.pid),
      goal: { of: 'figure', is: 'at most', value: 300 },
    },
  ];
}

/** From the kernel's own record of the process, `VmHWM` in proc(5). */
export async function readPeakMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
