import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { BranchRequest } from '../../src/domain/branch-name.ts';
import { parseBranch } from '../../src/domain/branch-name.ts';
import {
  type Repository,
  RepositoryError,
  type RepositoryErrorKind,
  type SourceTree,
  type TagRequest,
} from '../../src/repository/repository.ts';

/** The remote that a contract's tests work on, in words that every kind of repository has. */
export interface ContractSource {
  readonly mainBranch: string;
  /** Names that only this kind of repository gives to branches. */
  readonly oddBranches: readonly string[];
  /** Whether ids are the numbers of the whole repository, so that each names a state of every branch there is. */
  readonly countsAllBranches: boolean;
  /** The address of whoever commits; empty where the repository does not keep it. */
  readonly authorEmail: string;
  /**
   * Adds a revision to a branch and answers its full id. A branch that is not there begins at the main line's newest.
   * A file of null is deleted.
   */
  commit(
    branch: string,
    files: Readonly<Record<string, string | Uint8Array | null>>,
    message?: string,
  ): Promise<string>;
  deleteBranch(name: string): Promise<void>;
  /** Adds a revision with a folder in which nothing is; undefined where the repository knows of no such thing. */
  readonly addEmptyFolder: ((path: string) => Promise<string>) | undefined;
  /** The full id of the revision a tag stands on. */
  findTag(name: string): Promise<string | undefined>;
  /** Makes a tag behind Slipway's back. */
  tag(name: string, revisionId: string): Promise<void>;
  /** From now on the remote does not answer. */
  vanish(): Promise<void>;
}

export interface ContractSubject {
  readonly source: ContractSource;
  /** Opens the repository anew, with everything that was kept on disk. */
  reopen(): Promise<Repository>;
  close(): Promise<void>;
}

const MAIN: BranchRequest = { mainLine: true };

/**
 * What every implementation of {@link Repository} does.
 *
 * @param scope `remote` for the tests that the way to the remote can make a difference to, where the whole contract is
 *   run over another way already
 */
export function repositoryContract(
  title: string,
  make: () => Promise<ContractSubject>,
  scope: 'whole' | 'remote' = 'whole',
): void {
  const itOnce = scope === 'whole' ? it : () => undefined;
  describe(title, () => {
    let subject: ContractSubject;
    let source: ContractSource;
    let repository: Repository;

    beforeEach(async () => {
      subject = await make();
      source = subject.source;
      repository = await subject.reopen();
    });
    afterEach(async () => {
      await subject.close();
    });

    const resolve = (revision: string, branch?: string) =>
      repository.resolve({ branch: parseBranch(branch), revision }, signal());

    it('finds a revision by its full id, on the main line', async () => {
      const id = await source.commit(source.mainBranch, { 'a.txt': 'a' });
      const found = await resolve(id);
      assert.deepEqual(found, {
        branch: { name: source.mainBranch, isMainLine: true },
        id,
        namedByNumber: source.countsAllBranches ? Number(id) : undefined,
      });
    });

    itOnce('takes every word for the main line', async () => {
      const id = await source.commit(source.mainBranch, { 'a.txt': 'a' });
      for (const word of [undefined, '', 'trunk', 'main', 'Main line', source.mainBranch]) {
        assert.deepEqual((await resolve(id, word)).branch, { name: source.mainBranch, isMainLine: true }, `${word}`);
      }
    });

    itOnce('takes a branch that is really called by a word for the main line', async () => {
      await source.commit(source.mainBranch, { 'a.txt': 'a' });
      const id = await source.commit('main', { 'a.txt': 'b' });
      assert.deepEqual((await resolve(id, 'main')).branch, { name: 'main', isMainLine: false });
    });

    it('finds and opens branches by their bare name, whatever it holds, and by case', async () => {
      await source.commit(source.mainBranch, { 'a.txt': 'a' });
      for (const name of [...source.oddBranches, 'release/100%2F', 'größe@2', 'Feature']) {
        const id = await source.commit(name, { 'a.txt': name });
        const { branch } = await resolve(id, `branches/${name}`);
        assert.deepEqual(branch, { name, isMainLine: false });
        assert.deepEqual(await contents(await repository.openTree(id, signal(), branch)), { 'a.txt': name });
      }
      const id = await source.commit('feature', { 'a.txt': 'lower' });
      await refuses(resolve(id, 'FEATURE'), 'unknown-branch', 'FEATURE');
    });

    it('finds what was pushed a moment ago, by id and by number', async () => {
      await source.commit(source.mainBranch, { 'a.txt': '1' });
      assert.equal((await resolve('1')).namedByNumber, 1);
      const second = await source.commit(source.mainBranch, { 'a.txt': '2' });
      assert.equal((await resolve(second)).id, second);
      const third = await source.commit(source.mainBranch, { 'a.txt': '3' });
      assert.deepEqual([(await resolve('3')).id, (await resolve('3')).namedByNumber], [third, 3]);
      const onNew = await source.commit('feature', { 'a.txt': '4' });
      assert.equal((await resolve(onNew, 'feature')).id, onNew);
    });

    it('opens the files that end in a text, in whatever folder and case', async () => {
      const large = Buffer.alloc(3_000_000, 'mpr');
      const files = { 'App.mpr': 'one', 'deep/er/größe @2.MPR': large, 'a.txt': 'a', 'mpr.txt': 'no', 'mpr/x': 'no' };
      const id = await source.commit(source.mainBranch, files);
      const later = await source.commit(source.mainBranch, { 'a.txt': 'b' });
      const tree = await repository.openFiles(id, '.mpr', signal());
      assert.deepEqual(
        tree.files.map(({ path }) => path),
        ['App.mpr', 'deep/er/größe @2.MPR'],
      );
      assert.deepEqual(await contents(tree), { 'App.mpr': 'one', 'deep/er/größe @2.MPR': String(large) });
      await tree.close();
      const same = await repository.openFiles(later, '.mpr', signal());
      assert.deepEqual(same.files, tree.files);
      await same.close();
      await refuses(repository.openFiles('99', '.mpr', signal()), 'unknown-revision', '99');
    });

    it('answers what it knows without the remote', async () => {
      const id = await source.commit(source.mainBranch, { 'a.txt': 'a' });
      await resolve(id);
      // Subversion keeps what was read, Git all there is.
      if (source.countsAllBranches) await repository.openTree(id, signal());
      await source.vanish();
      assert.equal((await resolve(id)).id, id);
      assert.equal((await resolve('1')).id, id);
      repository = await subject.reopen();
      assert.equal((await resolve('1')).id, id);
      assert.deepEqual(await contents(await repository.openTree(id, signal())), { 'a.txt': 'a' });
    });

    itOnce('refuses an unknown branch by name', async () => {
      await source.commit(source.mainBranch, { 'a.txt': 'a' });
      await refuses(resolve('1', 'no-such'), 'unknown-branch', 'no-such');
    });

    it('finds a branch that was deleted and made again, as it is now', async () => {
      await source.commit(source.mainBranch, { 'a.txt': 'a' });
      const before = await source.commit('feature', { 'a.txt': 'before' });
      assert.equal((await resolve(before, 'feature')).id, before);
      await source.deleteBranch('feature');
      const after = await source.commit('feature', { 'a.txt': 'after' });
      const { branch, id } = await resolve(after, 'feature');
      assert.deepEqual(await contents(await repository.openTree(id, signal(), branch)), { 'a.txt': 'after' });
      assert.equal((await repository.findBranch(parseBranch('feature'), signal())).headId, after);
      // A number names a state of the whole repository, in which the branch was what it was.
      if (source.countsAllBranches) assert.equal((await resolve(before, 'feature')).id, before);
      else await refuses(resolve(before, 'feature'), 'not-on-branch', before);
    });

    it('refuses a branch that was deleted once it has to ask', async () => {
      await source.commit(source.mainBranch, { 'a.txt': 'a' });
      const id = await source.commit('feature', { 'a.txt': 'b' });
      assert.equal((await resolve(id, 'feature')).id, id);
      await source.deleteBranch('feature');
      assert.deepEqual(
        (await repository.listBranches(signal())).map(({ name }) => name),
        [source.mainBranch],
      );
      // A number names a state of the whole repository, in which the branch was there.
      if (source.countsAllBranches) assert.equal((await resolve(id, 'feature')).id, id);
      else await refuses(resolve(id, 'feature'), 'unknown-branch', 'feature');
      const tree = await repository.openTree(id, signal(), { name: 'feature', isMainLine: false });
      assert.deepEqual(await contents(tree), { 'a.txt': 'b' });
    });

    itOnce('refuses revisions that are not there, and text that is no revision', async () => {
      await source.commit(source.mainBranch, { 'a.txt': 'a' });
      for (const text of ['2', '99999999', 'HEAD', '-1', '--all', 'a b', '1.0', '']) {
        await refuses(resolve(text), 'unknown-revision', text);
      }
      await refuses(resolve('9'.repeat(1_000_000)), 'unknown-revision', '');
    });

    itOnce('refuses a revision of another branch', async () => {
      const first = await source.commit(source.mainBranch, { 'a.txt': 'a' });
      const second = await source.commit('feature', { 'a.txt': 'b' });
      if (source.countsAllBranches) await refuses(resolve(first, 'feature'), 'not-on-branch', first);
      else await refuses(resolve(second), 'not-on-branch', second);
    });

    it('refuses everything in an empty repository', async () => {
      await refuses(resolve('1'), 'unknown-branch', '');
      assert.deepEqual(await repository.listBranches(signal()), []);
    });

    it('says that the remote is unreachable when it has to ask', async () => {
      await source.commit(source.mainBranch, { 'a.txt': 'a' });
      await source.vanish();
      await refuses(resolve('1'), 'unreachable', '');
      await refuses(repository.listBranches(signal()), 'unreachable', '');
    });

    it('lists branches, the main line first, with numbers that lead back to their heads', async () => {
      await source.commit(source.mainBranch, { 'a.txt': 'a' });
      await source.commit('b', { 'a.txt': 'b' });
      await source.commit('a', { 'a.txt': 'c' });
      await source.commit('a', { 'a.txt': 'd' });
      const branches = await repository.listBranches(signal());
      assert.deepEqual(
        branches.map(({ name, isMainLine }) => [name, isMainLine]),
        [
          [source.mainBranch, true],
          ['a', false],
          ['b', false],
        ],
      );
      for (const { name, headId, headNumber } of branches) {
        assert.equal((await resolve(String(headNumber), name)).id, headId);
      }
    });

    it('lists revisions, the newest first', async () => {
      const ids: string[] = [];
      for (const text of ['one', 'two', 'three'])
        ids.push(await source.commit(source.mainBranch, { 'a.txt': text }, text));
      const revisions = await repository.listRevisions(MAIN, { limit: 2 }, signal());
      assert.deepEqual(
        revisions.map(({ id, number, message }) => [id, number, message]),
        [
          [ids[2], 3, 'three'],
          [ids[1], 2, 'two'],
        ],
      );
      assert.deepEqual([revisions[0]?.authorName, revisions[0]?.authorEmail], ['Richard Ford', source.authorEmail]);
      assert.ok((revisions[0]?.committedAt ?? 0) > 1_600_000_000_000);
    });

    itOnce('finds one branch with its head, by every word for it', async () => {
      const first = await source.commit(source.mainBranch, { 'a.txt': 'one' });
      const deep = await source.commit('feature/deep/x', { 'a.txt': 'two' });
      const branch = (text?: string) => repository.findBranch(parseBranch(text), signal());
      const main = { name: source.mainBranch, isMainLine: true, headId: first, headNumber: 1 };
      for (const word of [undefined, 'trunk', 'Main line']) assert.deepEqual(await branch(word), main);
      const found = { name: 'feature/deep/x', isMainLine: false, headId: deep, headNumber: 2 };
      assert.deepEqual(await branch('branches/feature/deep/x'), found);
      await refuses(branch('none'), 'unknown-branch', 'none');
    });

    itOnce('pages through the line of a branch, which stays the same while others push', async () => {
      const ids: string[] = [];
      for (const text of ['one', 'two', 'three', 'four'])
        ids.push(await source.commit(source.mainBranch, { 'a.txt': text }, text));
      const headId = ids[3] ?? '';
      await source.commit(source.mainBranch, { 'a.txt': 'five' }, 'five');
      assert.equal((await repository.listRevisions(MAIN, { limit: 1 }, signal()))[0]?.message, 'five');
      const messages = async (range: { readonly limit: number; readonly skip?: number }) =>
        (await repository.listRevisions(MAIN, { headId, ...range }, signal())).map(({ message }) => message);
      assert.deepEqual(await messages({ limit: 2 }), ['four', 'three']);
      assert.deepEqual(await messages({ limit: 2, skip: 1 }), ['three', 'two']);
      assert.deepEqual(await messages({ limit: 9, skip: 3 }), ['one']);
      assert.deepEqual(await messages({ limit: 9, skip: 4 }), []);
      assert.equal(await repository.countRevisions(MAIN, headId, signal()), 4);
      const gone = source.countsAllBranches ? 'abc' : 'f'.repeat(40);
      await refuses(repository.countRevisions(MAIN, gone, signal()), 'unknown-revision', gone);
      const facts = await repository.readRevisions([ids[2] ?? '', headId, ids[2] ?? ''], signal());
      assert.deepEqual(
        facts.map((one) => [one?.id, one?.message, one?.authorName]),
        [2, 3, 2].map((at) => [ids[at], ['one', 'two', 'three', 'four'][at], 'Richard Ford']),
      );
    });

    it('gives the files of a revision sorted by the bytes of their paths', async () => {
      const files = {
        'a-b': '1',
        'a/b': '2',
        'a.c': '3',
        'ä/ö.txt': '4',
        'z 1': '5',
        '\u{1f600}': '6',
        '\uffee': '7',
        'a@2%20.txt': '8',
        a0: '9',
      };
      const id = await source.commit(source.mainBranch, files);
      const tree = await repository.openTree((await resolve(id)).id, signal());
      const paths = tree.files.map(({ path }) => path);
      assert.deepEqual(
        paths,
        Object.keys(files).sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y))),
      );
      assert.deepEqual(await contents(tree), files);
      assert.ok(tree.committedAt > 1_600_000_000_000 && tree.committedAt % 1000 === 0);
    });

    itOnce('gives equal content ids to equal contents only', async () => {
      const id = await source.commit(source.mainBranch, { a: 'same', b: 'same', c: 'other' });
      await resolve(id);
      const [a, b, c] = (await repository.openTree(id, signal())).files;
      assert.equal(a?.contentId, b?.contentId);
      assert.notEqual(a?.contentId, c?.contentId);
    });

    it('tells of folders that hold nothing, where there are such', async () => {
      const first = await source.commit(source.mainBranch, { 'a.txt': 'a', 'deep/b.txt': 'b' });
      const emptied = await source.commit(source.mainBranch, { 'deep/b.txt': null });
      const added = await source.addEmptyFolder?.('logs/größe @2');
      const foldersOf = async (id: string) => (await repository.openTree(id, signal())).emptyFolders.toSorted();
      assert.deepEqual(await foldersOf(first), []);
      assert.deepEqual(await foldersOf(emptied), added === undefined ? [] : ['deep']);
      if (added !== undefined) assert.deepEqual(await foldersOf(added), ['deep', 'logs/größe @2']);
    });

    it('reads large contents in chunks and small ones whole, in the order asked for', async () => {
      const large = Buffer.alloc(9_000_000, 'slipway ');
      const id = await source.commit(source.mainBranch, { a: 'first', b: large, c: 'last', d: '' });
      await resolve(id);
      const tree = await repository.openTree(id, signal());
      const read = await contents(tree, tree.files.toReversed());
      assert.deepEqual(Object.keys(read), ['d', 'c', 'b', 'a']);
      assert.ok(Buffer.from(read.b ?? '').equals(large));
      assert.deepEqual([read.a, read.c, read.d], ['first', 'last', '']);
    });

    itOnce('lets a reader stop early, and goes on serving', async () => {
      const files = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`f${at}`, `content ${at}`]));
      const id = await source.commit(source.mainBranch, files);
      await resolve(id);
      const tree = await repository.openTree(id, signal());
      for await (const _ of tree.read(tree.files, signal())) break;
      assert.deepEqual(await contents(tree), files);
      await tree.close();
    });

    itOnce('throws the reason of a signal that fires while it reads', async () => {
      const id = await source.commit(source.mainBranch, { a: Buffer.alloc(9_000_000, 1), b: 'b' });
      await resolve(id);
      const tree = await repository.openTree(id, signal());
      const stop = new AbortController();
      const reason = new Error('stop');
      const reading = async () => {
        for await (const { bytes } of tree.read(tree.files, stop.signal)) {
          assert.ok(!(bytes instanceof Uint8Array));
          for await (const _ of bytes) stop.abort(reason);
        }
      };
      await assert.rejects(reading(), reason);
      await assert.rejects(repository.listBranches(AbortSignal.abort(reason)), reason);
    });

    itOnce('answers many at once', async () => {
      const id = await source.commit(source.mainBranch, { 'a.txt': 'a' });
      const found = await Promise.all(Array.from({ length: 50 }, (_, at) => resolve(at % 2 === 0 ? id : '1')));
      assert.ok(found.every((one) => one.id === id));
      const refused = await Promise.allSettled(Array.from({ length: 50 }, () => resolve('77')));
      assert.ok(refused.every((one) => one.status === 'rejected'));
    });

    itOnce('refuses to open a revision that is not there', async () => {
      const id = await source.commit(source.mainBranch, { 'a.txt': 'a' });
      await resolve(id);
      await refuses(
        repository.openTree(
          id.replace(/^./, (c) => (c === '0' ? '1' : '0')),
          signal(),
        ),
        'unknown-revision',
        '',
      );
    });

    it('makes a tag, once, and leaves one on another revision alone', async () => {
      const first = await source.commit(source.mainBranch, { 'a.txt': '1' });
      const second = await source.commit(source.mainBranch, { 'a.txt': '2' });
      await resolve(second);
      const tag = { name: '1.0.0.2', revisionId: second, message: 'A description\nof two lines' };
      assert.equal(await createTag(repository, tag, signal()), 'done');
      assert.equal(await source.findTag('1.0.0.2'), second);
      assert.equal(await createTag(repository, tag, signal()), 'done');
      assert.equal(await createTag(repository, { ...tag, revisionId: first }, signal()), 'conflict');
      assert.equal(await source.findTag('1.0.0.2'), second);
    });

    itOnce(
      'makes a tag on a revision that another server was asked for, and says of one that is gone that it is',
      async () => {
        await resolve(await source.commit(source.mainBranch, { 'a.txt': '1' }));
        const revisionId = await source.commit(source.mainBranch, { 'a.txt': '2' });
        const tag = { name: '1.0.0.3', revisionId, message: '' };
        assert.equal(await createTag(repository, tag, signal()), 'done');
        assert.equal(await source.findTag(tag.name), revisionId);
        const other = revisionId.replace(/^./, (c) => (c === '0' ? '1' : '0'));
        const gone = { name: '1.0.0.4', revisionId: revisionId.length === 40 ? other : '4711', message: '' };
        await assert.rejects(createTag(repository, gone, signal()), RepositoryError);
      },
    );

    itOnce('makes many tags together, each with an outcome of its own', async () => {
      const [first, second] = [
        await source.commit(source.mainBranch, { a: '1' }),
        await source.commit(source.mainBranch, { a: '2' }),
      ];
      await source.tag('1.0.0', first);
      const names = ['1.0.0', '1.0.1', 'not a name', '1.0.2', '1.0.1'];
      const tags = names.map((name) => ({ name, revisionId: second, message: 'together' }));
      await repository.resolve({ branch: MAIN, revision: second }, signal());
      const [conflict, done, refused, ...others] = await repository.createTags(tags, signal());
      assert.deepEqual([conflict, done, ...others], ['conflict', 'done', 'done', 'done']);
      assert.ok(refused instanceof RepositoryError && refused.kind === 'refused');
      assert.deepEqual([await source.findTag('1.0.0'), await source.findTag('1.0.2')], [first, second]);
    });

    itOnce('is content with a tag that somebody else made on the same revision', async () => {
      const id = await source.commit(source.mainBranch, { 'a.txt': '1' });
      await resolve(id);
      await source.tag('1.0.0.1', id);
      assert.equal(await createTag(repository, { name: '1.0.0.1', revisionId: id, message: '' }, signal()), 'done');
    });

    it('makes one tag when two revisions race for it', async () => {
      const first = await source.commit(source.mainBranch, { 'a.txt': '1' });
      const second = await source.commit(source.mainBranch, { 'a.txt': '2' });
      await resolve(second);
      const outcomes = await Promise.all(
        [first, second].map((revisionId) =>
          createTag(repository, { name: '2.0.0', revisionId, message: '' }, signal()),
        ),
      );
      assert.deepEqual(outcomes.toSorted(), ['conflict', 'done']);
    });

    itOnce('refuses a name that no tag can have', async () => {
      const id = await source.commit(source.mainBranch, { 'a.txt': '1' });
      await resolve(id);
      for (const name of ['-d', 'a b', 'a..b', '']) {
        await refuses(createTag(repository, { name, revisionId: id, message: '' }, signal()), 'refused', name);
      }
    });
  });
}

/** Fails the test rather than wait for ever. */
export function signal(): AbortSignal {
  return AbortSignal.timeout(60_000);
}

/** Makes one tag. @throws what became of it, where that is an error */
export async function createTag(
  repository: Repository,
  tag: TagRequest,
  until: AbortSignal,
): Promise<'done' | 'conflict' | undefined> {
  const [outcome] = await repository.createTags([tag], until);
  if (outcome instanceof RepositoryError) throw outcome;
  return outcome;
}

export async function refuses(promise: Promise<unknown>, kind: RepositoryErrorKind, value: string): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof RepositoryError, String(error));
    assert.deepEqual([error.kind, error.message.includes(value)], [kind, true], error.message);
    return true;
  });
}

/** Every content of a tree as text, in the order read. */
export async function contents(
  tree: SourceTree,
  files = tree.files,
  encoding: BufferEncoding = 'utf8',
): Promise<Record<string, string>> {
  const read: Record<string, string> = {};
  for await (const { file, bytes, sizeBytes } of tree.read(files, signal())) {
    const chunks = bytes instanceof Uint8Array ? [bytes] : await Array.fromAsync(bytes);
    const whole = Buffer.concat(chunks);
    assert.equal(whole.length, sizeBytes);
    read[file.path] = whole.toString(encoding);
  }
  return read;
}
