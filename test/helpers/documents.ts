import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { Sandbox } from '../../core/sandbox/index.ts';
import { codeBlocks, type CodeBlock } from './markdown.ts';
import { notOnWindows, type Skip } from './platform.ts';
import { runProgram, type ProgramResult, type RunOptions } from './run-program.ts';
import { root } from './tarball.ts';
import { needsTerminal } from './terminal.ts';

/** The documents of the repository, as paths with `/`. */
export const documents: readonly string[] = globSync('**/*.md', {
  cwd: root,
  exclude: (name) => ['node_modules', 'dist', 'out', '.vscode-test'].includes(name),
})
  .concat(globSync('.github/**/*.md', { cwd: root }))
  .map((path) => path.replaceAll('\\', '/'));

export const readDocument = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The code of a block. */
export function blockOf(path: string, key: string): string {
  const block = codeBlocks(readDocument(path)).find((candidate) => candidate.key === key);
  if (block === undefined) throw new Error(`${path} has no block with the key ${key}.`);
  return block.code;
}

/** The block as a program in a folder of its own. */
export interface RunnableBlock extends CodeBlock {
  /** Inside the package, so that `partner-auth` is the package itself as it was built. */
  readonly folder: string;
  /** Runs a ts block as the file that a reader would make of it; it must exit with 0 and report no error. */
  run(options?: RunOptions): Promise<ProgramResult>;
  /** Runs a sh block at the root as it is, without the installation that has been made already. */
  shell(options?: RunOptions): Promise<ProgramResult>;
}

/** Runs every code block of a document: one test for each, by its key. */
export function testDocument(
  path: string,
  tests: Readonly<Record<string, (block: RunnableBlock) => Promise<void>>>,
): void {
  const blocks = codeBlocks(readDocument(path));
  const base = join(root, 'out', 'documents', path.replace(/\W+/g, '-').toLowerCase());

  describe(path, () => {
    before(() => rm(base, { recursive: true, force: true }));

    it('has a test for each code block, and a key that is unique', () => {
      assert.deepEqual(blocks.map(({ key }) => key).sort(), Object.keys(tests).sort());
    });

    for (const block of blocks) {
      const options = optionsOf(block);
      it(`runs ${block.key}`, options, async () => {
        const folder = join(base, block.key);
        await mkdir(folder, { recursive: true });
        if (block.language === 'ts') await writeFile(join(folder, 'main.ts'), block.code);
        await tests[block.key]?.({
          ...block,
          folder,
          async run(options) {
            const ended = await runProgram(process.execPath, ['main.ts'], { cwd: folder, ...options });
            assert.deepEqual([ended.code, ended.stderr], [0, ''], block.key);
            return ended;
          },
          shell: (options) =>
            runProgram('bash', ['-c', `exec ${block.code.replace('npm ci && ', '')}`], { cwd: root, ...options }),
        });
      });
    }
  });
}

/** Where a block cannot run. */
function optionsOf({ language }: CodeBlock): Partial<Skip> {
  if (language === 'console') return needsTerminal;
  return language === 'sh' ? notOnWindows('The block is for a POSIX shell.') : {};
}

/** The environment variables that the examples for TCONNECT read, with this prefix for key, IV and credentials. */
export function tconnectEnv({ profiles: { tconnect } }: Sandbox, prefix = 'TCONNECT_'): Record<string, string> {
  const { credentials, cipher } = tconnect;
  return {
    TCONNECT_URL: tconnect.baseUrl,
    TCONNECT_PARTNER_CODE: tconnect.partnerCode,
    [`${prefix}KEY`]: cipher.key,
    [`${prefix}IV`]: cipher.iv.from === 'fixed' ? cipher.iv.value : '',
    ...Object.fromEntries(Object.entries(credentials).map(([name, value]) => [prefix + name.toUpperCase(), value])),
  };
}

export function bizmailEnv({ profiles: { bizmail } }: Sandbox): Record<string, string> {
  const { username, password } = bizmail.credentials;
  return { BIZMAIL_URL: bizmail.baseUrl, BIZMAIL_USERNAME: username, BIZMAIL_PASSWORD: password };
}

export function cloudreveEnv({ url, profiles: { cloudreve } }: Sandbox): Record<string, string> {
  const { email, password } = cloudreve.credentials;
  return { CLOUDREVE_URL: url, CLOUDREVE_EMAIL: email, CLOUDREVE_PASSWORD: password };
}

/** The calls that reached the sandbox, in order. */
export const callsOf = (sandbox: Sandbox): string[] => sandbox.journal.map(({ call }) => call);
