import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BuildApiWorld, openBuildApiWorld } from '../support/build-api-world.ts';
import { type CommandLine, type Outcome, openCommandLine } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { MESSAGE_SECRET } from '../support/webhooks.ts';

/** `slipway webhook`, against a server that delivers to a receiver. */
describe('slipway webhook', () => {
  const cleanups: (() => unknown)[] = [];
  const context = { after: (work: () => unknown) => void cleanups.push(work) };
  let world: BuildApiWorld;
  let receiver: WebhookReceiver;
  let slipway: CommandLine;

  before(async () => {
    world = await openBuildApiWorld(context, { webhookNetworks: ['127.0.0.1'] });
    receiver = await startWebhookReceiver(context);
    const folder = await temporaryFolder(context);
    await writeFile(join(folder, 'webhook.secret'), `${MESSAGE_SECRET}\n`);
    await writeFile(join(folder, 'token.txt'), 'Bearer sesame\n');
    await writeFile(join(folder, 'headers.txt'), 'X-Team: tools\r\n\nX-Time: 12:30\n');
    await writeFile(join(folder, 'wrong.txt'), 'X-Team: tools\nsesame\n');
    slipway = openCommandLine(folder, {
      SLIPWAY_URL: world.server.url,
      SLIPWAY_USERNAME: world.richard.username,
      SLIPWAY_API_KEY: world.richard.apiKey,
    });
  });
  after(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });

  async function run(words: string, stdin?: string): Promise<Outcome> {
    const outcome = await slipway.run(`webhook ${words}`.split(' '), stdin === undefined ? {} : { stdin });
    assert.ok(!(outcome.stdout + outcome.stderr).includes('sesame'), outcome.stdout + outcome.stderr);
    return outcome;
  }

  async function succeed(words: string, stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await run(words, stdin);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  async function fail(words: string): Promise<readonly [code: number, sentence: string]> {
    const { code, stderr } = await run(words);
    return [code, stderr.trim()];
  }

  const create = async (more = '--secret-file webhook.secret') =>
    JSON.parse(await succeed(`create calc --name CI --to ${receiver.url} --event build.succeeded ${more} --json`)).id;

  test('a webhook is created, listed, shown, changed and deleted', async () => {
    assert.match(await succeed('list calc'), /^The app calc has no webhooks\. Create one with 'slipway webhook create/);
    const given = `--to ${receiver.url} --event build.succeeded --event build.failed --header Authorization=@token.txt`;
    const created = await run(`create calc --name CI ${given} --header-file headers.txt`);
    assert.equal(created.code, 0, created.stderr);
    const [, id] = /^Webhook +(mxep_\w{32})$/m.exec(created.stdout) ?? [];
    assert.match(created.stdout, /^Secret +whsec_\S{44}$/m);
    assert.match(created.stdout, /^Headers +Authorization, X-Team, X-Time$/m);
    assert.match(created.stderr, /^The secret is shown this once/);
    const row = new RegExp(`^${id} +CI +active +build\\.succeeded build\\.failed +${receiver.url}$`, 'm');
    assert.match(await succeed('list calc'), row);
    assert.match(await succeed(`show calc ${id}`), /^Secret +\*{8}$/m);
    const changed = await run(`update calc ${id} --name Other --secret-file - --no-active`, `${MESSAGE_SECRET}\n`);
    assert.ok(!changed.stdout.includes(MESSAGE_SECRET));
    assert.match(
      changed.stdout,
      /^Name +Other\n(?:.*\n)*Active +no\n(?:.*\n)*Former secret +signs until .*\(in (?:24 hours|1 day)\)$/m,
    );
    assert.match(await succeed('list calc'), / inactive /);
    assert.match(await succeed(`update calc ${id} --active`), /^Active +yes$/m);
    assert.doesNotMatch(await succeed(`update calc ${id} --header-file -`, ''), /^Headers/m);
    assert.equal(await succeed(`delete calc ${id}`), `Deleted the webhook ${id} of calc.\n`);
    assert.deepEqual(JSON.parse(await succeed('list calc --json')), []);
  });

  test('a test says how the delivery went, and exits so', async () => {
    const id = await create();
    const delivered = await succeed(`test calc ${id} --event build.failed`);
    assert.match(delivered, /^Message +msg_\w+\nEvent +build\.failed \(test\)\nStatus +Delivered$/m);
    assert.match(delivered, /^Answer +200\nTook +\d+ ms\n(?:.*\n)*Body +Thank you$/m);
    receiver.next({ status: 500, body: 'out of order' });
    const refused = await run(`test calc ${id}`);
    assert.equal(refused.code, 8);
    assert.match(refused.stdout, /^Status +Failed\n(?:.*\n)*Body +out of order$/m);
    assert.match(refused.stderr, /^The test message was not delivered: 127\.0\.0\.1:\d+ answered 500\.$/m);
    receiver.next('silence');
    const late = await run(`test calc ${id} --timeout 300ms --json`);
    assert.equal(late.code, 7);
    assert.match(late.stderr, /was not tried within 300 ms: see 'slipway webhook message calc mxep_\w+ msg_\w+' later/);
    await succeed(`delete calc ${id}`);
  });

  test('messages are listed, shown and sent again', async () => {
    const id = await create();
    receiver.next({ status: 400 });
    await run(`test calc ${id}`);
    const built = await world.build();
    await until('it was told', async () => / Delivered /.test(await succeed(`messages calc ${id}`)));
    const listed = await succeed(`messages calc ${id} --limit 5`);
    assert.match(listed, /^MESSAGE +EVENT +STATUS +WHEN +ATTEMPTS +LAST ANSWER$/m);
    assert.match(
      listed,
      /build\.succeeded +Delivered .* 1 +200\n.*build\.succeeded \(test\) +Failed .* answered 400\./,
    );
    const [failed] = JSON.parse(await succeed(`messages calc ${id} --status Failed --json`));
    assert.match(await succeed(`message calc ${id} ${failed.id}`), /^Payload +\{"eventType":"build\.succeeded"/m);
    assert.equal(await succeed(`redeliver calc ${id} ${failed.id}`), `The message ${failed.id} is sent again.\n`);
    await until('nothing has failed', async () => (await succeed(`messages calc ${id} --status Failed`)) === NONE);
    assert.equal(await succeed(`redeliver calc ${id} --failed --since 3d`), '0 messages are sent again.\n');
    assert.equal(await succeed(`redeliver calc ${id} --failed --since 2026-01-31`), '0 messages are sent again.\n');
    assert.ok(receiver.messages.some(({ payload }) => payload.packageId === built.PackageId));
    await succeed(`delete calc ${id}`);
  });

  test('what cannot be done is refused, and says what to do', async () => {
    const id = await create();
    const base = `create calc --name CI --to ${receiver.url}`;
    const refusals = [
      [`${base} --event build.done`, 2, /--event build\.done: there is no such event\. Give one of package\.uploaded/],
      [base, 2, /required option '--event <type>' not specified/],
      [
        `${base} --event build.failed --header nothing`,
        2,
        /^--header nothing: give a name and a value, as in --header/,
      ],
      [
        `${base} --event build.failed --header-file wrong.txt`,
        2,
        /^Line 2 of the headers is none: write 'Name: value'/,
      ],
      [`${base} --event build.failed --secret-file none`, 2, /none cannot be read \(ENOENT\)/],
      ['create calc --name CI --to http://10.0.0.1/ --event build.failed', 4, /^The url leads to 10\.0\.0\.1/],
      [`update calc ${id}`, 2, /^There is nothing to change: give --name/],
      ['show calc mxep_none', 4, /^The app 'calc' has no webhook 'mxep_none': see 'slipway webhook list calc'\.$/],
      [`message calc ${id} msg_none`, 4, /has no message 'msg_none'/],
      [`redeliver calc ${id}`, 2, /^Say what to send again: the id of one message, or --failed\.$/],
      [`redeliver calc ${id} --failed --since never`, 2, /^--since never: give a while such as 2h or 3d/],
      [`messages calc ${id} --status Done`, 2, /Allowed choices are Pending, Delivered, Failed/],
    ] as const;
    for (const [words, code, sentence] of refusals) {
      const [exitCode, stderr] = await fail(words);
      assert.equal(exitCode, code, `${words}: ${stderr}`);
      assert.match(stderr, sentence);
    }
    await succeed(`update calc ${id} --no-active`);
    const [code, sentence] = await fail(`test calc ${id}`);
    assert.equal(code, 4);
    assert.match(sentence, /activate it first, as 'slipway webhook update calc mxep_\w+ --active' does\.$/);
    await succeed(`delete calc ${id}`);
  });
});

const NONE = 'There are no such messages.\n';
