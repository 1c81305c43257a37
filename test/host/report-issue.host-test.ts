import assert from 'node:assert/strict';
import { commands } from 'vscode';
import { runCommand, withProfile } from './fixture.ts';

describe('Report Issue in VS Code', () => {
  it('passes the extension and a report without secrets to the issue reporter', async () => {
    const passed: unknown[] = [];
    const reporter = commands.registerCommand('workbench.action.openIssueReporter', (...given: unknown[]) => {
      passed.push(...given);
    });
    try {
      await withProfile(async ({ sandbox, profile, secrets, secretKey }) => {
        await runCommand('signIn', profile.id);
        assert.equal(await runCommand('reportIssue', profile.id), undefined);
        assert.equal(passed.length, 1);
        const { extensionId, issueBody, ...others } = passed[0] as Record<string, string>;
        assert.deepEqual([extensionId, others], ['partner-auth.partner-auth', {}]);
        const json = /```json\n(.*)\n```\n$/s.exec(issueBody ?? '')?.[1] ?? '';
        const report = JSON.parse(json) as Record<string, unknown> & { settings: object; lastExchange: object };
        assert.deepEqual(Object.keys(report.settings).sort(), [
          'autoRefresh',
          'clipboard.clearAfter',
          'refreshMargin',
          'statusBar.alignment',
          'statusBar.compact',
        ]);
        assert.match(String(report.editor), /\d+\.\d+\.\d+/);
        assert.ok(JSON.stringify(report.lastExchange).includes('login'));
        const { credentials, cipher, baseUrl } = sandbox.profiles.tconnect;
        const { accessToken = '?', refreshToken = '?' } = sandbox.tokens('tconnect') ?? {};
        const hidden = [...Object.values({ ...credentials }), cipher.key, accessToken, refreshToken, profile.label];
        for (const value of hidden) assert.ok(!issueBody?.includes(value), value);
        assert.ok(issueBody?.includes(new URL(baseUrl).origin));
        assert.ok(await secrets.get(secretKey));
      });
    } finally {
      reporter.dispose();
    }
  });
});
