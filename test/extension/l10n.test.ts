import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hints } from '../../core/detect/hints.ts';
import { partners } from '../../core/index.ts';
import { problems } from '../../core/profiles/index.ts';
import { findTranslatable } from '../helpers/find-translatable.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');
const messages = (file: string): Record<string, string> => JSON.parse(read(file)) as Record<string, string>;

const pairs = [
  { name: 'the manifest', en: messages('package.nls.json'), vi: messages('package.nls.vi.json') },
  {
    name: 'the code',
    en: messages('extension/l10n/bundle.l10n.json'),
    vi: messages('extension/l10n/bundle.l10n.vi.json'),
  },
];

/** Names, and terms that Vietnamese developers use in English. */
const sameInBoth = ['Client ID', 'Client secret', 'Email', 'Log', 'Partner Auth', 'Sandbox', 'base64', 'padding {0}'];

const sorted = (list: Iterable<string>): string[] => [...list].sort();
const placeholders = (text: string): string[] => sorted(new Set(text.match(/\{\d+\}/g)));
const codeSpans = (text: string): string[] => sorted(text.match(/\]\([^)]*\)|`[^`]*`|"caFile"/g) ?? []);

describe('messages of the code', () => {
  const found = findTranslatable(root);

  it('are string literals, except for a known few', () => {
    assert.deepEqual(found.dynamic, [
      'extension/commands/detect-cipher.ts: t(hint)',
      'extension/model/profile-problems.ts: t(message)',
      'extension/model/sign-in-steps.ts: t(label)',
    ]);
  });

  it('match the bundle, together with the hints, problems and login field labels of core', () => {
    const bundle = Object.keys(pairs[1]?.en ?? {});
    const required = new Set([...found.messages, ...Object.values(hints), ...Object.values(problems)]);
    // An untranslated label is shown in English.
    const labels = Object.values(partners).flatMap(({ credentials }) => credentials.map(({ label }) => label));
    const untranslated = labels.filter((label) => !bundle.includes(label));
    assert.deepEqual(
      sorted(bundle),
      sorted(new Set([...required, ...labels.filter((label) => !untranslated.includes(label))])),
    );
  });

  it('are equal to their keys in English', () => {
    for (const [key, text] of Object.entries(pairs[1]?.en ?? {})) assert.equal(text, key);
  });
});

describe('strings of the manifest', () => {
  it('are exactly those that package.json references', () => {
    const used = new Set([...read('package.json').matchAll(/"%([^%"\s]+)%"/g)].map(([, key = '']) => key));
    assert.deepEqual(sorted(Object.keys(pairs[0]?.en ?? {})), sorted(used));
  });

  it('cover every title and description of a contribution', () => {
    const { contributes } = JSON.parse(read('package.json')) as { contributes: unknown };
    const untranslated: string[] = [];
    const visit = (value: unknown, name: string): void => {
      if (typeof value === 'object' && value !== null) {
        for (const [key, entry] of Object.entries(value)) visit(entry, Array.isArray(value) ? name : key);
      } else if (/^(?:title|altText)$|description|errorMessage/i.test(name) && !/^%[^%]+%$/.test(String(value))) {
        untranslated.push(String(value));
      }
    };
    visit(contributes, '');
    assert.deepEqual(untranslated, ['Partner Auth', ...Object.values(partners).map(({ label }) => label)]);
  });
});

for (const { name, en, vi } of pairs) {
  describe(`Vietnamese translation of ${name}`, () => {
    it('has the same keys as English, in the same order', () => {
      assert.deepEqual(Object.keys(vi), Object.keys(en));
    });

    it('keeps placeholders and links', () => {
      for (const [key, text] of Object.entries(en)) {
        assert.deepEqual(placeholders(vi[key] ?? ''), placeholders(text), key);
        const links = codeSpans(text).filter((span) => !span.startsWith('`Partner Auth: '));
        for (const span of links) assert.ok(vi[key]?.includes(span), `${key} lacks ${span}`);
      }
    });

    it('differs from English except for terms that stay English', () => {
      const same = Object.keys(en).filter((key) => en[key] === vi[key]);
      assert.deepEqual(
        same.filter((key) => !sameInBoth.includes(key)),
        [],
      );
    });

    it('is normalized and trimmed, and ends with the same punctuation as English', () => {
      const end = (text: string): string => /[.?…]$/.exec(text)?.[0] ?? '';
      for (const [key, text] of Object.entries(vi)) {
        assert.equal(text, text.normalize('NFC').trim(), key);
        assert.equal(end(text), end(en[key] ?? ''), key);
        assert.doesNotMatch(text, / {2}/, key);
      }
    });
  });
}

describe('bundles', () => {
  it('exist for English and Vietnamese only', () => {
    assert.deepEqual(
      sorted(
        globSync(['package.nls*.json', 'extension/l10n/*'], { cwd: root }).map((file) => file.replaceAll('\\', '/')),
      ),
      [
        'extension/l10n/bundle.l10n.json',
        'extension/l10n/bundle.l10n.vi.json',
        'package.nls.json',
        'package.nls.vi.json',
      ],
    );
  });
});
