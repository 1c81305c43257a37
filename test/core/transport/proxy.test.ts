import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { proxyFor } from '../../../core/transport/proxy.ts';

/** Whether connections to a host are opened through the proxy of an environment. */
function usesProxy(environment: Readonly<Record<string, string>>, host: string, port = 443, secure = true): boolean {
  return proxyFor(undefined, environment, host, port, secure) !== undefined;
}

const proxy = 'http://proxy.example:3128';

describe('NO_PROXY', () => {
  const excepted: readonly (readonly [list: string, host: string, port?: number])[] = [
    ['example.com', 'example.com'],
    ['example.com', 'api.example.com'],
    ['.example.com', 'example.com'],
    ['.example.com', 'api.example.com'],
    ['*.example.com', 'a.b.example.com'],
    ['*example.com', 'myexample.com'],
    ['EXAMPLE.com', 'Example.COM'],
    ['example.com.', 'example.com'],
    ['example.com', 'example.com.'],
    ['example.com:443', 'example.com'],
    ['.example.com:8443', 'api.example.com', 8443],
    ['other, example.com', 'example.com'],
    ['other example.com', 'example.com'],
    ['*', 'example.com'],
    ['other,*', 'example.com'],
    ['*:443', 'example.com'],
    ['*', '10.1.2.3'],
    ['10.1.2.3', '10.1.2.3'],
    ['10.1.2.3:443', '10.1.2.3'],
    ['10.0.0.0/8', '10.1.2.3'],
    ['10.0.0.1-10.0.0.9', '10.0.0.9'],
    ['2001:db8::1', '[2001:db8::1]'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '[2001:db8::1]'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['2001:db8::/32', '2001:db8::1'],
    ['2001:db8::1-2001:db8::9', '2001:db8::5'],
  ];
  for (const [list, host, port = 443] of excepted) {
    it(`"${list}" excepts ${host}:${port}`, () => {
      for (const name of ['NO_PROXY', 'no_proxy'])
        assert.equal(usesProxy({ HTTPS_PROXY: proxy, [name]: list }, host, port), false);
    });
  }

  const others: readonly (readonly [list: string, host: string, port?: number])[] = [
    ['example.com', 'notexample.com'],
    ['example.com', 'example.com.other'],
    ['api.example.com', 'example.com'],
    ['example.com:8443', 'example.com'],
    ['*:8443', 'example.com'],
    ['example.com/path', 'example.com'],
    ['.', 'example.com'],
    [',', 'example.com'],
    ['', 'example.com'],
    ['10.1.2.3:80', '10.1.2.3'],
    ['10.1.2', '10.1.2.3'],
    ['10.0.0.0/8', '11.1.2.3'],
    ['10.0.0.0/33', '10.1.2.3'],
    // A name is not looked up.
    ['10.0.0.0/8', 'ten.example.com'],
    ['10.0.0.1-10.0.0.9', '10.0.0.10'],
    ['10.0.0.9-10.0.0.1', '10.0.0.5'],
    ['10.0.0.1-2001:db8::1', '10.0.0.5'],
    ['[2001:db8::1]:80', '[2001:db8::1]'],
  ];
  for (const [list, host, port = 443] of others) {
    it(`"${list}" does not except ${host}:${port}`, () => {
      assert.equal(usesProxy({ HTTPS_PROXY: proxy, NO_PROXY: list }, host, port), true);
    });
  }

  it('has no effect where the option proxy is set', () => {
    assert.ok(proxyFor(proxy, { NO_PROXY: '*' }, 'example.com', 443, true) !== undefined);
  });
});

describe('the environment', () => {
  it('has no effect with HTTP_PROXY, which a web server may have set from a request, nor on http', () => {
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) {
      assert.equal(usesProxy({ [name]: proxy }, 'example.com'), false);
      assert.equal(usesProxy({ [name]: proxy, REQUEST_METHOD: 'GET' }, '10.1.2.3', 80, false), false);
    }
    assert.equal(usesProxy({ HTTPS_PROXY: proxy, https_proxy: proxy }, '10.1.2.3', 80, false), false);
  });

  it('is never used for loopback', () => {
    const loopback = [
      'localhost',
      'LOCALHOST',
      'localhost.',
      'api.localhost',
      '127.0.0.1',
      '127.9.9.9',
      '[::1]',
      '::1',
    ];
    for (const host of [...loopback, '[::ffff:127.0.0.1]'])
      assert.equal(usesProxy({ HTTPS_PROXY: proxy }, host), false);
    assert.equal(usesProxy({ HTTPS_PROXY: proxy }, 'localhost.example'), true);
  });

  it('has lower case first, unless it is empty', () => {
    const both = { https_proxy: 'http://first.example:1', HTTPS_PROXY: 'http://second.example:1' };
    assert.equal(proxyFor(undefined, both, 'example.com', 443, true)?.hostname, 'first.example');
    const empty = { ...both, https_proxy: '' };
    assert.equal(proxyFor(undefined, empty, 'example.com', 443, true)?.hostname, 'second.example');
  });

  it('is read for each host, so that a value that is no URL affects only those that it is for', () => {
    const environment = { HTTPS_PROXY: 'socks5://proxy.example', NO_PROXY: 'direct.example' };
    assert.equal(usesProxy(environment, 'direct.example'), false);
    assert.equal(usesProxy(environment, 'localhost'), false);
    assert.throws(() => usesProxy(environment, 'example.com'), { code: 'configuration', setting: 'proxy' });
  });
});
