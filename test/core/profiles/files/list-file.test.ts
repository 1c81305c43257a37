import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { listFile } from '../../../../core/profiles/files/list-file.ts';
import { notOnWindows } from '../../../helpers/platform.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

interface Fixture {
  readonly path: string;
  readonly file: ReturnType<typeof listFile>;
  names(): Promise<readonly string[]>;
}

async function withList(
  content: string | Buffer | undefined,
  test: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const path = folder.file('list/profiles.json');
  if (content !== undefined) {
    await mkdir(folder.file('list'));
    await writeFile(path, content);
  }
  await test({ path, file: listFile(path, 'profiles'), names: () => readdir(folder.file('list')).catch(() => []) });
}

const add = (item: unknown) => () => [{ kind: 'add', item }] as const;

describe('a file with a list', () => {
  it('is empty if there is none, which reading does not create', () =>
    withList(undefined, async ({ file, names }) => {
      assert.deepEqual(await file.read(), []);
      assert.deepEqual(await names(), []);
    }));

  it('is created with mode 0600 in a folder of mode 0700', notOnWindows('Windows has no such modes'), () =>
    withList(undefined, async ({ file, path, names }) => {
      await file.change(add({ id: 'a' }));
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      assert.equal((await stat(dirname(path))).mode & 0o777, 0o700);
      assert.deepEqual(await names(), ['profiles.json']);
    }),
  );

  it('may have a byte order mark, be UTF-16 of Windows, or have comments', async () => {
    for (const content of ['\uFEFF[1]', Buffer.from('\uFEFF[1]', 'utf16le'), '// mine\n[1,]'])
      await withList(content, async ({ file }) => {
        assert.deepEqual(await file.read(), [1]);
        await file.change(add(2));
        assert.deepEqual(await file.read(), [1, 2]);
      });
  });

  it('keeps what a change does not concern, comments and unknown fields included', () =>
    withList('[\n  // newer\n  { "id": "a", "later": { "than": "this" } }\n]\n', async ({ file, path }) => {
      await file.change(add({ id: 'b' }));
      assert.equal(
        await readFile(path, 'utf8'),
        '[\n  // newer\n  { "id": "a", "later": { "than": "this" } },\n  {\n    "id": "b"\n  }\n]\n',
      );
    }));

  it('keeps every one of many changes at once', () =>
    withList(undefined, async ({ file, path }) => {
      const ids = Array.from({ length: 10 }, (_, index) => index);
      await Promise.all(ids.map((id) => listFile(path, 'profiles').change(add(id))));
      assert.deepEqual([...(await file.read())].sort(), ids);
    }));

  it('stays a link to another file', notOnWindows('links require a privilege on Windows'), () =>
    withList('[]', async ({ path, names }) => {
      const link = `${path}.link`;
      await symlink(path, link);
      await listFile(link, 'profiles').change(add(1));
      assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), [1]);
      assert.deepEqual(await names(), ['profiles.json', 'profiles.json.link']);
    }),
  );

  it('is not replaced if it is a link to a file that does not exist', notOnWindows('links require a privilege'), () =>
    withList(undefined, async ({ path, names }) => {
      await mkdir(dirname(path));
      await symlink('absent/profiles.json', path);
      for (const access of [() => listFile(path, 'profiles').read(), () => listFile(path, 'profiles').change(add(1))])
        await assert.rejects(access(), { code: 'store', message: /is a link to a file that does not exist/ });
      assert.deepEqual(await names(), ['profiles.json']);
      assert.equal(await readlink(path), 'absent/profiles.json');
    }),
  );

  const damaged: readonly (readonly [string, string, RegExp])[] = [
    ['that is cut off', '[{"id":"a"', /is not valid JSON/],
    ['with a typing error', '[\n  {"id" "a"}\n]', /is not valid JSON at line 2, column 9/],
    ['with something else', '{"partnerAuth.profiles": []}', /must be a JSON list/],
  ];
  for (const [what, content, problem] of damaged) {
    it(`${what} is set aside with a sentence that names both, and nothing of it is lost`, () =>
      withList(content, async ({ file, path, names }) => {
        for (const access of [() => file.read(), () => file.change(add({ id: 'b' }))]) {
          await writeFile(path, content);
          await assert.rejects(access(), (error: Error) => {
            assert.match(error.message, problem);
            assert.match(error.message, /profiles\.json is damaged.*set aside as profiles\.json\.corrupt-\d+/);
            assert.ok(!error.message.includes('"a"'));
            return true;
          });
        }
        const kept = (await names()).filter((name) => name.includes('.corrupt-'));
        assert.ok(kept.length > 0);
        for (const name of kept) assert.equal(await readFile(join(dirname(path), name), 'utf8'), content);
        assert.deepEqual(await file.read(), []);
        await file.change(add({ id: 'b' }));
        assert.deepEqual(await file.read(), [{ id: 'b' }]);
      }));
  }

  it('that is damaged and cannot be set aside is left as it is', notOnWindows('Windows has no such modes'), (t) =>
    withList('[', async ({ file, path }) => {
      if (process.geteuid?.() === 0) {
        t.skip('requires a user other than root');
        return;
      }
      await chmod(dirname(path), 0o500);
      await assert.rejects(file.read(), /is damaged.*could not be set aside/);
      assert.equal(await readFile(path, 'utf8'), '[');
      await chmod(dirname(path), 0o700);
    }),
  );

  it('that cannot be read is an error that says why', () =>
    withList(undefined, async ({ file, path }) => {
      await mkdir(path, { recursive: true });
      await assert.rejects(file.read(), {
        code: 'store',
        setting: 'profiles',
        message: /could not be read \(EISDIR\)/,
      });
    }));
});
