import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { createUser, openBuildApiWorld } from '../support/build-api-world.ts';
import { openCommandLine } from '../support/command-line.ts';
import { listBlocks, splitWords } from '../support/page-blocks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GUIDE = new URL('../../docs/permissions.md', import.meta.url);

/** What docs/permissions.md says is done, word for word, and what it says is printed. */
test('the commands of the guide give, show and take rights as it says', async (t) => {
  const { server } = await openBuildApiWorld(t, { buildSlots: 0 });
  await server.call('DELETE', '/manage/1/apps/calc/permissions/richard.ford51@example.com');
  for (const [Mode, Production] of [
    ['Acceptance', false],
    ['Production', true],
  ]) {
    await server.call('POST', '/manage/1/apps/calc/environments', { Mode, Production });
  }
  const [richard, ann, otto, dana] = await Promise.all(
    ['richard', 'ann', 'otto', 'dana'].map((name) => createUser(server, `${name}@example.com`, name)),
  );
  const slipway = openCommandLine(await temporaryFolder(t), {
    SLIPWAY_URL: server.url,
    SLIPWAY_USERNAME: server.admin.username,
    SLIPWAY_API_KEY: server.admin.apiKey,
  });
  const run = async (line: string) => {
    const outcome = await slipway.run(
      splitWords(line)
        .slice(1)
        .map((word) => (word === "''" ? '' : word)),
    );
    assert.equal(outcome.code, 0, `${line}: ${outcome.stderr}`);
    return outcome.stdout;
  };
  const stop = async (mode: string, who = ann) =>
    await server.call('POST', `/api/1/apps/calc/environments/${mode}/stop`, {}, who);
  const blocks = listBlocks(await readFile(GUIDE, 'utf8'));
  const [giving = [], taking = [], contact = []] = blocks
    .filter(({ language }) => language === 'bash')
    .map(({ text }) => text.trim().split('\n'));
  const [table, refusal] = blocks.filter(({ language }) => language === 'text').map(({ text }) => text);

  for (const line of giving) await run(line);
  assert.deepEqual(
    [(await stop('Acceptance', richard)).status, (await stop('Production', richard)).status],
    [200, 200],
  );
  assert.deepEqual([(await stop('Acceptance')).status, (await stop('Production')).status], [200, 403]);
  assert.equal((await stop('Acceptance', otto)).status, 403);

  const printed = [];
  for (const line of taking) printed.push(await run(line));
  assert.equal(printed[0], table);
  assert.match(printed[1] ?? '', /^otto@example\.com +Production +alerts, monitoring$/m);
  assert.match(printed[2] ?? '', /^richard@example\.com +Production +api$/m);
  assert.match(printed[3] ?? '', /holds on Production again/);
  assert.equal(printed[4], 'Took all rights on calc from ann@example.com.\n');
  assert.equal((await stop('Acceptance')).status, 404);
  assert.equal((await stop('Production', richard)).status, 403);

  const shown = [];
  for (const line of contact) shown.push(await run(line));
  assert.match(shown.at(-1) ?? '', /^Technical Contact +dana@example\.com$/m);
  const own = await server.call('GET', '/manage/1/apps/calc/permissions', undefined, dana);
  assert.equal(own.body.TechnicalContact, 'dana@example.com');
  assert.equal(`${(await stop('Production')).body.errorMessage}\n`, refusal);
  await run("slipway app update calc --technical-contact ''");
  assert.equal((await server.call('GET', '/manage/1/apps/calc', undefined, dana)).status, 404);
});

test('rights that there are not, and options that do not go together, are refused before anything is asked', async (t) => {
  const slipway = openCommandLine(await temporaryFolder(t));
  for (const [line, message] of [
    ['grant richard calc --rights api,root', /'root' is not a right: use permissions, transport, api/],
    ['revoke richard calc --rights=', /'' is not a right/],
    [
      'revoke richard calc --reset --url http://127.0.0.1:1 --username a --api-key b',
      /--reset goes with --environment/,
    ],
  ] as const) {
    const outcome = await slipway.run(line.split(' '));
    assert.equal(outcome.code, 2, outcome.stderr);
    assert.match(outcome.stderr, message);
  }
});
