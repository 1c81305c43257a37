import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { before, describe, it } from 'node:test';
import type { PartnerReport } from '../../../../core/cli/demo/report.ts';
import { partners } from '../../../../core/index.ts';
import type { ProgramResult } from '../../../helpers/run-program.ts';
import { demo, main } from '../command.ts';

const names = Object.keys(partners);
// A JWT or a bearer header.
const tokenLike = /eyJ[\w-]{10,}|Bearer /;

describe('command line tour of the sandbox', () => {
  let text: ProgramResult;
  let json: ProgramResult;
  before(async () => {
    [text, json] = await Promise.all([demo([]), demo(['--json'])]);
  });

  it('exits with 0 and prints nothing on stderr', () => {
    assert.deepEqual([text.code, text.stderr, json.code, json.stderr], [0, '', 0, '']);
  });

  it('prints every partner and every step', () => {
    for (const { label } of Object.values(partners)) assert.match(text.stdout, new RegExp(`^${label}  http://`, 'm'));
    for (const step of ['Sign in', 'Access token', 'Protected call', 'Refresh', 'Old refresh token', 'Sign out']) {
      assert.equal(text.stdout.match(new RegExp(`^  ${step} `, 'gm'))?.length, names.length, step);
    }
    assert.match(text.stdout, /header +Partner-Code: SANDBOX-/);
    assert.match(text.stdout, /payload +\{ "username": "merchant-/);
    assert.equal(text.stdout.match(/^    response /gm)?.length, names.length);
    assert.match(text.stdout, /sent +\{"data":"[0-9a-f]{32}/);
  });

  it('fits in 100 columns and 24 lines per partner', () => {
    const screens = text.stdout.trim().split('\n\n');
    assert.equal(screens.length, names.length);
    for (const screen of screens) assert.ok(screen.split('\n').length <= 24, screen);
    for (const line of text.stdout.split('\n')) assert.ok(line.length <= 100, line);
  });

  it('prints no escape codes to a pipe', () => {
    assert.doesNotMatch(text.stdout + json.stdout, /\x1b/);
  });

  it('prints no token, no password and no client secret', () => {
    assert.doesNotMatch(text.stdout + json.stdout, tokenLike);
    for (const { signIn } of reports(json)) {
      for (const [name, value] of Object.entries(signIn.payload)) {
        if (['password', 'client_secret'].includes(name)) assert.match(value, /^•+$/);
      }
    }
    assert.equal(text.stdout.match(/"password": "•+"/g)?.length, names.length);
  });

  it('prints the same report as JSON with --json', () => {
    assert.deepEqual(
      reports(json).map(({ partner }) => partner),
      names,
    );
    for (const report of reports(json)) {
      const { accessToken, refresh, replay, call } = report;
      assert.equal(call?.status, 200, report.partner);
      assert.equal(refresh.newAccessToken && refresh.newRefreshToken, true, report.partner);
      assert.notEqual(refresh.accessToken.fingerprint, accessToken.fingerprint);
      assert.ok(Date.parse(accessToken.expiresAt ?? '') > Date.now());
      assert.ok(Date.parse(report.refreshExpiresAt ?? '') > Date.parse(accessToken.expiresAt ?? ''));
      assert.equal(report.sandbox, true);
      assert.equal(replay?.accepted, report.partner === 'cloudreve');
      assert.equal(report.signOut.revoked, report.partner === 'cloudreve');
    }
    assert.match(reports(json)[0]?.signIn.sent ?? '', /^\{"data":"(?:[0-9a-f]{32})+"\}$/);
  });

  it('runs with one partner for --partner', async () => {
    const { code, stdout } = await demo(['--partner', 'bizmail', '--json']);
    assert.equal(code, 0);
    assert.deepEqual(
      (JSON.parse(stdout) as { partners: PartnerReport[] }).partners.map(({ partner }) => partner),
      ['bizmail'],
    );
  });

  it('exits with 0 when the reader of its pipe closes early', async () => {
    const child = spawn(process.execPath, [main, 'demo'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = (await once(child, 'close')) as [number];
    assert.deepEqual([code, errors], [0, '']);
  });
});

function reports({ stdout }: ProgramResult): PartnerReport[] {
  return (JSON.parse(stdout) as { partners: PartnerReport[] }).partners;
}
