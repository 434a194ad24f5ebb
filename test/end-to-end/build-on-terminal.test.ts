import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeHeldRepository } from '../support/held-repository.ts';
import { startOnTerminal, startSlipway } from '../support/run-slipway.ts';
import { startTestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const SEQUENCE = /\u001b\[([0-9;]*)([A-Za-z])/y;

/** What a terminal shows in the end: its lines, without colours; the cursor stands at the end of the last. */
function screen(output: string): readonly string[] {
  const lines = [''];
  let column = 0;
  for (let at = 0; at < output.length; at++) {
    const line = lines.at(-1) ?? '';
    SEQUENCE.lastIndex = at;
    const [sequence, , verb] = SEQUENCE.exec(output) ?? [];
    if (sequence !== undefined) {
      if (verb === 'K') lines[lines.length - 1] = ' '.repeat(column);
      at += sequence.length - 1;
    } else if (output[at] === '\r') column = 0;
    else if (output[at] === '\n') lines.push(' '.repeat(column));
    else {
      lines[lines.length - 1] = line.slice(0, column) + output[at] + line.slice(column + 1);
      column += 1;
    }
  }
  return lines.map((line) => line.trimEnd());
}

async function setUp(context: { after(work: () => unknown): void }) {
  const folder = await temporaryFolder(context);
  const held = await makeHeldRepository(context, folder);
  const server = await startTestServer(context);
  const app = { AppId: 'held', Repository: held.path, MainBranch: 'main' };
  assert.equal((await server.call('POST', '/manage/1/apps', app)).status, 200);
  const { username, apiKey } = server.admin;
  const variables = { SLIPWAY_URL: server.url, SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey };
  const start = ['build', 'start', 'held', '--revision', held.revision, '--version', '1.0.0', '--wait'];
  return { folder, held, server, variables, start, name: `Main line-1.0.0.${held.revision.slice(0, 8)}.mda` };
}

test('on a terminal a build shows how long it takes in one line, which is gone once it has ended', async (context) => {
  const { folder, held, variables, start, name } = await setUp(context);
  const terminal = startOnTerminal(context, folder, start, variables);
  const shown = () => {
    const states = terminal.printed().split('\r\u001b[2K');
    return new Set(states.filter((state) => state.startsWith(`Building ${name}  `)));
  };
  await until('the line has changed twice', () => shown().size >= 3);
  assert.deepEqual(screen(terminal.printed()).length, 1, 'it takes more than one line');
  held.release();
  const { code, stdout } = await terminal.ended;
  assert.equal(code, 0, stdout);
  const lines = screen(stdout);
  assert.equal(lines[0], `Package     ${name}`);
  assert.ok(lines.includes('Status      Succeeded'), stdout);
  assert.equal(lines.at(-1), '', 'the cursor does not stand at the beginning of a line');
  assert.ok(!lines.some((line) => line.startsWith('Building')), stdout);
});

test('lines of the log come above the line that changes', async (context) => {
  const { folder, held, variables, start } = await setUp(context);
  const terminal = startOnTerminal(context, folder, [...start, '--follow'], variables);
  await terminal.untilPrinted('\u001b[2KBuilding Main line');
  held.release();
  const { code, stdout } = await terminal.ended;
  assert.equal(code, 0, stdout);
  const log = screen(stdout).slice(0, screen(stdout).indexOf(''));
  assert.ok(
    log.some((line) => /^\S+ Succeeded: \d+ bytes, SHA-256 \w+/.test(line)),
    stdout,
  );
  assert.ok(!log.some((line) => line.includes('.mda  ')), stdout);
});

test('Ctrl-C takes the line away and leaves the build to the server', async (context) => {
  const { folder, held, server, variables, start } = await setUp(context);
  const terminal = startOnTerminal(context, folder, start, variables);
  await terminal.untilPrinted('Building');
  terminal.process.stdin?.write('\u0003');
  const { code, stdout } = await terminal.ended;
  assert.equal(code, 130, stdout);
  assert.match(screen(stdout).join('\n'), /^(\^C)?\n?$/);
  held.release();
  await until('the build ends', async () => {
    const { body } = await server.call('GET', '/api/1/apps/held/packages');
    return body[0].Status === 'Succeeded';
  });
});

test('into a pipe it writes one line per change, and no control characters', async (context) => {
  const { folder, held, variables, start, name } = await setUp(context);
  const piped = startSlipway(context, folder, start, variables);
  await piped.untilPrinted(`Building ${name}\n`);
  held.release();
  const { code, stdout, stderr } = await piped.ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^(Queued .*\n)?Building .*\n(Uploading .*\n)?Succeeded .*\n$/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
  assert.doesNotMatch(stdout + stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});
