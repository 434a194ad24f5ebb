import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { startTestServer } from '../support/server.ts';
import { makeSvnRepository, type SvnTestRepository } from '../support/svn.ts';

const COMMITS = 7;

interface Source {
  readonly path: string;
  /** Ids of the main line, oldest first. */
  readonly ids: readonly string[];
  push(): Promise<unknown>;
}

const KINDS: Readonly<Record<string, (path: string) => Promise<Source>>> = {
  async git(path) {
    const repository = await makeTestRepository(path, { mainBranch: 'main' });
    const ids = await repository.commit(
      Array.from({ length: COMMITS }, (_, at) => ({
        branch: 'main',
        files: { 'a.txt': `${at}` },
        message: `No ${at}`,
      })),
    );
    await repository.commit([{ branch: 'release/1', files: { 'b.txt': 'b' }, parents: [ids[0] ?? ''] }]);
    return { path, ids, push: () => repository.commit([{ branch: 'main', files: { 'a.txt': 'more' } }]) };
  },
  async svn(path) {
    const repository = await makeSvnRepository(path);
    const ids = await commitMany(repository);
    await repository.commit('branches/release', { 'b.txt': 'b' }, { from: 'trunk' });
    return { path, ids, push: () => repository.commit('trunk', { 'a.txt': 'more' }) };
  },
};

async function commitMany(repository: SvnTestRepository): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let at = 0; at < COMMITS; at++)
    ids.push(await repository.commit('trunk', { 'a.txt': `${at}` }, { message: `No ${at}` }));
  return ids;
}

async function setUp(t: TestContext, kind: string) {
  const server = await startTestServer(t);
  const source = await KINDS[kind]?.(join(server.dataFolder, 'remote'));
  assert.ok(source);
  const { body: app } = await server.call('POST', '/manage/1/apps', { AppId: 'calc', Repository: source.path });
  const Scopes = ['mx:modelrepository:repo:read'];
  const { body: token } = await server.call('POST', '/manage/1/users/admin/keys', { Scopes });
  const get = async (path: string, id: string = app.ProjectId) => {
    const headers = { Authorization: `MxToken ${token.Key}` };
    const response = await fetch(`${server.url}/v1/repositories/${id}${path}`, { headers });
    assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
    // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
    return { status: response.status, body: (await response.json()) as any };
  };
  return { server, source, app, get };
}

for (const kind of Object.keys(KINDS)) {
  const main = kind === 'git' ? 'main' : 'trunk';

  test(`${kind}: a script finds the newest commit of a branch`, async (t) => {
    const { source, app, get } = await setUp(t, kind);
    const info = (await get('/info')).body;
    assert.deepEqual(info, { appId: app.ProjectId, type: kind, url: source.path });
    const branch = (await get(`/branches/${main}`)).body;
    const { latestCommit } = branch;
    assert.deepEqual([branch.name, latestCommit.id, latestCommit.message], [main, source.ids.at(-1), 'No 6']);
    assert.deepEqual(Object.keys(latestCommit), ['id', 'author', 'date', 'message', 'relatedStories']);
    assert.equal(latestCommit.author.name, 'Richard Ford');
    assert.match(latestCommit.date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const list = (await get('/branches')).body;
    const names = [main, kind === 'git' ? 'branches/release/1' : 'branches/release'];
    assert.deepEqual(
      list.items.map(({ name }: { name: string }) => name),
      names,
    );
    assert.deepEqual(list.items[0], branch);
    assert.deepEqual(Object.keys(list.cursors), ['first', 'last']);
    const other = (await get(`/branches/${encodeURIComponent(names[1] ?? '')}`)).body;
    assert.deepEqual(other, list.items[1]);
  });

  test(`${kind}: commits come in pages, which go on where they began`, async (t) => {
    const { source, get } = await setUp(t, kind);
    const read = async (cursor?: string) => {
      const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { status, body } = await get(`/branches/${main}/commits?limit=3${query}`);
      assert.equal(status, 200, JSON.stringify(body));
      return { ids: body.items.map(({ id }: { id: string }) => id), cursors: body.cursors };
    };
    const newestFirst = source.ids.toReversed();
    const first = await read();
    assert.deepEqual(first.ids, newestFirst.slice(0, 3));
    assert.equal(first.cursors.prev, undefined);
    await source.push();
    const second = await read(first.cursors.next);
    assert.deepEqual(second.ids, newestFirst.slice(3, 6));
    const third = await read(second.cursors.next);
    assert.deepEqual([third.ids, third.cursors.next], [newestFirst.slice(6), undefined]);
    assert.deepEqual(await read(second.cursors.last), third);
    assert.deepEqual((await read(third.cursors.prev)).ids, second.ids);
    assert.deepEqual((await read(third.cursors.first)).ids, first.ids);
    assert.notEqual((await read()).ids[0], newestFirst[0]);
  });
}

test('errors are those of the App Repository API', async (t) => {
  const { server, get } = await setUp(t, 'git');
  const codeOf = async (answer: ReturnType<typeof get>) => {
    const { status, body } = await answer;
    assert.equal(typeof body.errorMessage, 'string');
    return [status, body.errorCode];
  };
  assert.deepEqual(await codeOf(get('/branches/none')), [404, 'RS404']);
  assert.deepEqual(await codeOf(get('/info', '00000000-0000-0000-0000-000000000000')), [404, 'RS404']);
  assert.deepEqual(await codeOf(get('/info', 'no+id')), [400, 'RS400']);
  assert.deepEqual(await codeOf(get('/nothing')), [404, 'RS404']);
  for (const query of ['limit=0', 'limit=x', 'cursor=x', `cursor=${Buffer.from('0 ffff').toString('base64url')}`]) {
    assert.deepEqual(await codeOf(get(`/branches/main/commits?${query}`)), [400, 'RS400'], query);
  }
  const tooFew = await get('/branches/main/commits?limit=0');
  assert.equal(tooFew.body.errorMessage, "The parameter limit is '0': give a whole number from 1 on.");
  const withKey = await server.call('GET', '/v1/repositories/calc/info/');
  assert.equal(withKey.status, 200);
  const stranger = await server.call('GET', '/v1/repositories/calc/info', undefined, { username: 'a', apiKey: 'b' });
  assert.deepEqual([stranger.status, stranger.body.errorCode], [401, 'RS401']);
});
