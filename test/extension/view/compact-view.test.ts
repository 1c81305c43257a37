import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compactView } from '../../../extension/view/compact-view.ts';
import type { StatusView } from '../../../extension/view/status-view.ts';
import { english } from '../../helpers/fake-app.ts';

const now = Date.UTC(2026, 0, 1);
const hour = 3_600_000;
const view: StatusView = {
  text: '$(key) ACME 9h',
  severity: 'warning',
  command: 'partnerAuth.refresh',
  accessibilityLabel: 'ACME: signed in',
};

describe('compactView', () => {
  for (const [text, left, expected] of [
    ['$(key) ACME 9h', 9 * hour, '$(key) 9h'],
    ['$(debug-disconnect) ACME 9h, offline', 9 * hour, '$(debug-disconnect) 9h'],
    ['$(sync~spin) ACME: refreshing', 9 * hour, '$(sync~spin) 9h'],
    ['$(key) ACME: Expired', -1, '$(key)'],
    ['$(key) ACME: Sign in', undefined, '$(key)'],
    ['$(key) $\u200b(x) ACME: Sign in', undefined, '$(key)'],
  ] as const) {
    it(`shows ${JSON.stringify(text)} as ${expected}`, () => {
      const status = left === undefined ? undefined : { accessExpiresAt: now + left };
      assert.equal(compactView({ ...view, text }, status, now, english).text, expected);
    });
  }

  it('changes nothing else, so that it is read aloud and works as before', () => {
    assert.deepEqual({ ...compactView(view, undefined, now, english), text: view.text }, view);
  });
});
