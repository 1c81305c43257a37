import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { startSandbox } from '../../core/sandbox/index.ts';
import { runProgram, type ProgramResult, type RunOptions } from '../helpers/run-program.ts';
import { install, pack, root, type Tarball } from '../helpers/tarball.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

describe('the npm package', () => {
  const stack = new AsyncDisposableStack();
  let tarball: Tarball;
  let project: string;

  before(async () => {
    const { path } = stack.use(await temporaryFolder());
    tarball = await pack(path);
    project = join(path, 'project');
    await mkdir(project);
    await install(tarball, project);
  });
  after(() => stack.disposeAsync());

  const inProject = (args: readonly string[]): Promise<ProgramResult> =>
    runProgram(process.execPath, args, { cwd: project });
  const installed = (...names: string[]): string => join(project, 'node_modules', 'partner-auth', ...names);

  describe('the packed file', () => {
    it('contains only the built library, its declarations, the documents and the example definitions', () => {
      const allowed =
        /^(?:package\.json|(?:[a-z]+\/)*README\.md|core\/partners\/examples\/[a-z\d-]+\.json|LICENSE|CHANGELOG\.md|SECURITY\.md|dist\/main\.cjs|dist\/core\/(?:[\w/-]+\.(?:js|cjs|d\.c?ts)|(?:partner|profile)\.schema\.json|third-party-notices\.txt))$/;
      assert.deepEqual(
        tarball.paths.filter((path) => !allowed.test(path)),
        [],
      );
      for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md']) {
        assert.ok(tarball.paths.includes(name), name);
      }
    });

    it('contains the documents that its documents link to', async () => {
      for (const path of tarball.paths.filter((name) => name.endsWith('.md'))) {
        for (const [, target = ''] of (await readFile(installed(path), 'utf8')).matchAll(
          /\]\(([^)\s#:]+\/README\.md|examples\/[\w-]+\.json)/g,
        ))
          assert.ok(tarball.paths.includes(posix.join(posix.dirname(path), target)), `${path}: ${target}`);
      }
    });

    it('contains the license of the bundled package', async () => {
      assert.match(
        await readFile(installed('dist/core/third-party-notices.txt'), 'utf8'),
        /^valibot [\d.]+\n\nMIT License/,
      );
    });

    it('is smaller than 1800 KiB when unpacked', async () => {
      const files = await readdir(installed(), { recursive: true, withFileTypes: true });
      let size = 0;
      for (const file of files) if (file.isFile()) size += (await readFile(join(file.parentPath, file.name))).length;
      assert.ok(size < 1800 * 1024, `${size} bytes`);
    });

    it('contains no path of this machine, no key and no token', async () => {
      for (const path of tarball.paths) {
        const text = await readFile(installed(path), 'utf8');
        assert.ok(!text.includes(root), path);
        assert.doesNotMatch(
          text,
          /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\s|\\[nr])*[\w+/]|\beyJ[\w-]{20,}\.|sourceMappingURL/,
          path,
        );
      }
    });

    it('passes publint', async () => {
      const bytes = await readFile(tarball.file);
      const { messages } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true });
      assert.deepEqual(messages, []);
    });
  });

  describe('the declarations', () => {
    it('pass arethetypeswrong with every module resolution', async () => {
      const bytes = await readFile(tarball.file);
      const result = await checkPackage(createPackageFromTarballData(new Uint8Array(bytes)));
      assert.ok(result.types !== false);
      assert.deepEqual(result.problems, []);
    });
  });

  describe('the installed package', () => {
    before(() => cp(join(root, 'test', 'consumer'), project, { recursive: true }));

    it('works from JavaScript', async () => {
      const { code, stdout, stderr } = await inProject(['main.mjs']);
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(JSON.parse(stdout), JSON.parse(await readFile(join(project, 'expected.json'), 'utf8')));
    });

    it('can be loaded with require()', async () => {
      const code = "console.log(typeof require('partner-auth').openSession)";
      assert.equal((await inProject(['--input-type=commonjs', '-e', code])).stdout, 'function\n');
    });

    it('has the library as its main file, for resolvers that ignore exports', async () => {
      const code = `
        const folder = 'node_modules/partner-auth/';
        const { main } = JSON.parse(require('node:fs').readFileSync(folder + 'package.json', 'utf8'));
        console.log(typeof require(require('node:path').resolve(folder, main)).openSession)`;
      assert.equal((await inProject(['--input-type=commonjs', '-e', code])).stdout, 'function\n');
    });

    const resolutions: readonly (readonly [name: string, options: readonly string[]])[] = [
      ['nodenext', ['--module', 'nodenext']],
      ['node16', ['--module', 'node16', '--moduleResolution', 'node16']],
      ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
      // Deprecated since TypeScript 6.0, and still what many projects use.
      ['node10', ['--module', 'esnext', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0']],
    ];
    for (const [name, options] of resolutions) {
      it(`provides its types to TypeScript with moduleResolution ${name}`, async () => {
        const { code, stdout } = await compile('types.ts', options);
        assert.equal(code, 0, stdout);
      });
    }

    it('provides its types to CommonJS with moduleResolution node16', async () => {
      await cp(join(project, 'types.ts'), join(project, 'types.cts'));
      const { code, stdout } = await compile('types.cts', ['--module', 'node16', '--moduleResolution', 'node16']);
      assert.equal(code, 0, stdout);
    });

    it('has the same instance for CommonJS and ES modules', async () => {
      const code =
        "import('partner-auth').then((esm) => console.log(esm.openSession === require('partner-auth').openSession))";
      assert.equal((await inProject(['--input-type=commonjs', '-e', code])).stdout, 'true\n');
    });

    it('provides types that detect a wrong argument', async () => {
      const source = "import { openSession } from 'partner-auth';\nawait openSession({ partner: 1, baseUrl: 'x' });\n";
      await writeFile(join(project, 'wrong.ts'), source);
      const { code, stdout } = await compile('wrong.ts');
      assert.notEqual(code, 0);
      assert.match(stdout, /^wrong\.ts\(2,21\): error TS2322: Type 'number' is not assignable/);
      assert.equal(stdout.match(/error TS/g)?.length, 1);
    });

    it('provides types that show the credentials of a partner by their names', async () => {
      const source =
        "import type { PartnerSession } from 'partner-auth';\nexport const wrong = (session: PartnerSession<'bizmail'>): Promise<void> => session.login({ email: '' });\n";
      await writeFile(join(project, 'credentials.ts'), source);
      const { stdout } = await compile('credentials.ts');
      assert.match(stdout, /'email' does not exist in type '\{ (?:readonly (?:username|password): string; ){2}\}'/);
    });

    it('provides the command partner-auth', async () => {
      const bin = join('node_modules', '.bin', 'partner-auth');
      const [program, ...start] = process.platform === 'win32' ? ['cmd.exe', '/d', '/c', bin] : [join(project, bin)];
      await using sandbox = await startSandbox();
      await using home = await temporaryFolder();
      const { email, password } = sandbox.profiles.cloudreve.credentials;
      const env = { PARTNER_AUTH_HOME: home.path, PARTNER_AUTH_STORE_KEY: 'a5'.repeat(32), PARTNER_AUTH_EMAIL: email };
      const run = async (args: readonly string[], options: RunOptions = {}): Promise<string> => {
        const ended = await runProgram(program, [...start, ...args], { cwd: project, env, ...options });
        assert.equal(ended.code, 0, `${args.join(' ')}: ${ended.stderr}`);
        return ended.stdout;
      };
      const { partners } = JSON.parse(await run(['demo', '--json'])) as { partners: unknown[] };
      assert.equal(partners.length, 3);
      assert.match(await run([]), /^ {2}token \[NAME\] /m);
      await run(['profile', 'add', 'drive', '--partner', 'cloudreve', '--base-url', sandbox.url]);
      await run(['login', 'drive', '--password-stdin'], { input: password });
      assert.equal((await run(['token', 'drive'])).trim(), sandbox.tokens('cloudreve')?.accessToken);
      assert.match(await run(['request', 'drive', 'GET', '/api/v4/user/me']), /^\{"code":0/);
      assert.match(await run(['status', 'drive']), /^State +valid for /m);
      if (process.platform === 'win32') return;
      const curl = `curl -sS "$PARTNER_AUTH_GATEWAY/api/v4/user/me"`;
      assert.match(await run(['exec', 'drive', '--', 'sh', '-c', curl]), /^\{"code":0/);
      const gateway = await runProgram(program, [...start, 'gateway', 'drive'], {
        cwd: project,
        env,
        until: (text) => text.includes('\n'),
      });
      assert.match(gateway.stdout, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]+\n$/);
    });

    it('exports no other entry point', async () => {
      const code = "import('partner-auth/dist/core/index.js').catch((error) => console.log(error.code))";
      assert.equal((await inProject(['-e', code])).stdout, 'ERR_PACKAGE_PATH_NOT_EXPORTED\n');
    });
  });

  /** Compiles with the strictest options, including the declarations of the package. */
  function compile(file: string, resolution: readonly string[] = ['--module', 'nodenext']): Promise<ProgramResult> {
    const strict = [
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      '--skipLibCheck',
      'false',
    ];
    const target = ['--target', 'es2024', '--lib', 'es2024,esnext.disposable', '--types', 'node'];
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    return inProject([tsc, '--ignoreConfig', '--noEmit', ...resolution, ...target, ...strict, file]);
  }
});
