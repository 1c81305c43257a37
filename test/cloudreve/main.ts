/*
 * The contract tests of the Cloudreve sandbox against a real server, so that the sandbox cannot drift from it:
 *
 *   CLOUDREVE_EMAIL=… CLOUDREVE_PASSWORD=… npm run test:cloudreve -- --base-url http://127.0.0.1:5212
 *
 * The credentials are those of an administrator of a server that can be thrown away: its settings are changed. Only its HTTP
 * API is used. If it has no user yet, the first one, who is its administrator, is registered.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { facts, signIn, type CloudreveServer, type CloudreveSettings } from './contract.ts';

const { values } = parseArgs({ options: { 'base-url': { type: 'string' } } });
const { CLOUDREVE_EMAIL: email, CLOUDREVE_PASSWORD: password } = process.env;
const url = values['base-url']?.replace(/\/+$/, '');
if (url === undefined || email === undefined || password === undefined) {
  throw new Error(
    'Pass --base-url, and the credentials of an administrator in CLOUDREVE_EMAIL and CLOUDREVE_PASSWORD.',
  );
}

let administrator = '';

async function configure({ accessLifetime = 3600, captcha }: CloudreveSettings): Promise<void> {
  const settings = {
    access_token_ttl: String(accessLifetime),
    login_captcha: captcha === undefined ? '0' : '1',
    captcha_type: captcha?.replace('WithoutSecret', '') ?? 'normal',
    captcha_ReCaptchaKey: 'test',
    captcha_ReCaptchaSecret: captcha === 'recaptcha' ? 'test' : '',
    captcha_turnstile_site_key: 'test',
    captcha_turnstile_site_secret: 'test',
    // Where nothing responds.
    captcha_cap_instance_url: 'http://127.0.0.1:9',
    captcha_cap_site_key: 'test',
    captcha_cap_secret_key: captcha === 'capWithoutSecret' ? '' : 'test',
  };
  const response = await fetch(`${url}/api/v4/admin/settings`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${administrator}`, 'content-type': 'application/json' },
    body: JSON.stringify({ settings }),
  });
  const text = await response.text();
  assert.match(text, /^\{"code":0[,}]/, `The settings could not be changed: HTTP ${response.status} ${text}`);
}

const server: CloudreveServer = {
  url,
  email,
  password,
  configure,
  pass: (seconds) => setTimeout(Math.min(seconds, 5) * 1000),
};

describe(`Cloudreve at ${url}`, () => {
  before(async () => {
    const body = JSON.stringify({ email, password, language: 'en-US' });
    // Refused if the user exists or registration is off.
    await fetch(`${url}/api/v4/user`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    administrator = (await signIn(server)).access_token;
    await configure({});
  });
  afterEach(() => configure({}));
  after(() => configure({}));

  for (const { title, source, check } of facts) it(`${title} (${source})`, () => check(server));
});
