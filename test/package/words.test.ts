import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { join } from 'node:path';
import { root } from '../helpers/tarball.ts';

/** Words that are not used here, with what to write instead. */
const words: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bcan not\b/i, 'cannot'],
  [/\bis over\b(?! \d)/i, 'has expired, has ended'],
  [/(?<!there )\bis none\b/i, 'is not a valid …'],
  [/\bbeside\b/i, 'next to'],
  [/\banew\b/i, 'again'],
  [/\bmend(?:s|ed|ing)?\b/i, 'fix'],
  [/\bfor ever\b/i, 'forever'],
  [/\bwhom?ever\b/i, 'anyone who, any process that'],
  [/\b(?:tells|told)\b/i, 'reports, reported, distinguishes'],
  [/\bwants\b/i, 'requires'],
  [/\bthie(?:f|ves)\b/i, 'withoutLock'],
  [/\bclear text\b/i, 'plain text'],
  // The user answers the questions of a wizard; a partner responds.
  [/\b(?:partner|server|sandbox|token|login|refresh|HTTP)(?:'s)? answer/i, 'response'],
  [
    /\bPartnerAnswer\b|\bAnswer(?:Settings|Shape)\b|definition\.answer\b/,
    'PartnerResponse, ResponseSettings, ResponseShape',
  ],
  [/\binvalidAnswer\b|\banswerTooLarge\b|\banswerField\b/, 'invalidResponse, responseTooLarge, textField'],
  [/\bclass (?:Places|Line|Scene)\b|\bnew (?:Places|Line|Scene)\(/, 'LeakScanner, TcpProxy, Fixture'],
  [/\bforgetful\b|\bexplainedExchange\b|\bsavedProfile\b/, 'secretsAreVolatile, runCommand, saveProfile'],
];

/** Files that need a former name: those that report it with the new one, and their tests. */
const exceptions: readonly string[] = [
  'test/package/words.test.ts',
  'core/lib/validation.ts',
  'test/core/profiles/custom-partners.test.ts',
  'test/core/profiles/profile.test.ts',
];

const files = globSync(
  ['*.{md,json,mjs}', '{core,extension,test}/**/*.{ts,js,mjs,md,json}', '.github/**/*.{md,yml,svg}'],
  { cwd: root, exclude: ['package-lock.json', 'test/{vectors,bench,faults}/*.json'] },
)
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => !exceptions.includes(path));

describe('sources and documents', () => {
  const lines = files.flatMap((path) =>
    readFileSync(join(root, path), 'utf8')
      .split('\n')
      .map((text, index) => ({ place: `${path}:${index + 1}`, text })),
  );

  for (const [pattern, instead] of words) {
    it(`do not say ${pattern.source}, but: ${instead}`, () => {
      const found = lines.filter(({ text }) => pattern.test(text)).map(({ place, text }) => `${place}: ${text.trim()}`);
      assert.deepEqual(found, []);
    });
  }

  it('are all looked at', () => {
    for (const path of ['README.md', 'core/index.ts', 'extension/extension.ts', 'package.nls.json', 'test/main.ts'])
      assert.ok(files.includes(path), path);
  });
});
