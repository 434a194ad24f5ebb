// A process that runs a command in a container until it is killed. Arguments: a room, and the settings as JSON.
import { openSandbox } from '../../src/sandbox/open-sandbox.ts';

const [room = '', settings = ''] = process.argv.slice(2);
const path = process.env.PATH ?? '';
const found = await openSandbox('container', { path, hidden: [], containers: JSON.parse(settings) });
if ('missing' in found) throw new Error(found.missing);
const bytes = 2 ** 28;
await found.sandbox.run({
  argv: ['sh', '-c', 'echo begun; sleep 600'],
  room,
  environment: { PATH: '/usr/bin:/bin' },
  network: false,
  readOnly: [],
  writable: [],
  limits: { processes: 50, memoryBytes: bytes, fileBytes: bytes, diskBytes: bytes, timeMs: 600_000 },
  onOutput: (chunk) => void process.stdout.write(chunk),
  signal: new AbortController().signal,
});
