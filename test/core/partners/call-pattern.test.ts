import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner } from '../../../core/index.ts';
import { matchesCall, normalPath, parseCallPattern } from '../../../core/partners/call-pattern.ts';
import { plainPartner } from '../../helpers/with-partner.ts';

function matches(pattern: string, method: string, path: string): boolean {
  const parsed = parseCallPattern(pattern);
  const normal = normalPath(path);
  assert.ok('method' in parsed && 'segments' in normal);
  return matchesCall(parsed, method, normal.segments);
}

describe('a pattern of calls', () => {
  const matching: [string, string, string][] = [
    ['GET /orders', 'GET', '/orders'],
    ['GET /', 'GET', '/'],
    ['GET /orders/*', 'GET', '/orders/7'],
    ['GET /orders/*/lines', 'GET', '/orders/7/lines'],
    ['GET /orders/**', 'GET', '/orders/7'],
    ['GET /orders/**', 'GET', '/orders/7/lines/1'],
    ['GET /orders/**', 'GET', '/orders/'],
    ['GET /**', 'GET', '/'],
    ['GET /**', 'GET', '/orders/7'],
    ['GET /*/**', 'GET', '/orders/7'],
    ['GET /caf%C3%A9', 'GET', '/caf%c3%a9'],
    ['GET /a~b', 'GET', '/a%7Eb'],
    ['GET   /orders', 'GET', '/orders'],
  ];
  for (const [pattern, method, path] of matching)
    it(`${pattern} matches ${method} ${path}`, () => assert.equal(matches(pattern, method, path), true));

  const different: [string, string, string][] = [
    ['GET /orders', 'POST', '/orders'],
    ['GET /orders', 'HEAD', '/orders'],
    ['GET /orders', 'GET', '/orders/'],
    ['GET /orders', 'GET', '/Orders'],
    ['GET /orders', 'GET', '/orders/7'],
    ['GET /orders/*', 'GET', '/orders'],
    ['GET /orders/*', 'GET', '/orders/'],
    ['GET /orders/*', 'GET', '/orders/7/lines'],
    ['GET /orders/**', 'GET', '/orders'],
    ['GET /orders/**', 'GET', '/ordersx/7'],
    ['GET /*/lines/**', 'GET', '/orders/7/lines'],
  ];
  for (const [pattern, method, path] of different)
    it(`${pattern} does not match ${method} ${path}`, () => assert.equal(matches(pattern, method, path), false));

  const invalid: [string, RegExp][] = [
    ['', /a method .* and a path/],
    ['/orders', /a method/],
    ['get /orders', /a method \(GET, HEAD/],
    ['OPTIONS /orders', /a method/],
    ['GET orders', /must start with "\/"/],
    ['GET /orders?id=7', /no query/],
    ['GET /a/../b', /"\.\."/],
    ['GET //a', /"\/\/"/],
    ['GET /a b', /without spaces/],
    ['GET /orders/7*', /a whole segment/],
    ['GET /**/lines', /a whole segment/],
    ['GET /a**', /a whole segment/],
  ];
  for (const [pattern, message] of invalid) {
    it(`${JSON.stringify(pattern)} is refused`, () => {
      const parsed = parseCallPattern(pattern);
      assert.ok('problem' in parsed);
      assert.match(parsed.problem, message);
    });
  }
});

describe('the path of a call', () => {
  const refused = [
    ...[
      '',
      'a',
      '/a//b',
      '//',
      '/a/./b',
      '/a/..',
      '/../a',
      '/a/..;/b',
      '/a/.;x=1/b',
      '/a/..%3b/b',
      '/a/..%253B/b',
      '/a\\b',
      '/a#b',
    ],
    ...['/a/%2e%2e/b', '/a/%2E', '/a/.%2e/b', '/a%2fb', '/a%2Fb', '/a%5cb', '/a%252fb', '/a/%25252e%25252e/b'],
    ...['/a%00', '/a%0d%0ab', '/a%7f', '/a\tb', '/a b', '/é', '/a%', '/a%zz', '/a%ff', '/a%c3%28'],
  ];
  for (const path of refused)
    it(`is refused as ${JSON.stringify(path)}`, () => assert.ok('problem' in normalPath(path), path));

  const accepted: [string, string[]][] = [
    ['/', ['']],
    ['/a/b', ['a', 'b']],
    ['/a/', ['a', '']],
    ['/a.b/..c/d..', ['a.b', '..c', 'd..']],
    ['/100%25', ['100%']],
    ['/a%20b', ['a b']],
    ['/a;v=1', ['a;v=1']],
    ['/a:b@c,d+e', ['a:b@c,d+e']],
  ];
  for (const [path, segments] of accepted)
    it(`is compared by its decoded segments as ${path}`, () => assert.deepEqual(normalPath(path), { segments }));
});

describe('the safe calls of a definition', () => {
  it('are accepted as patterns', () => {
    const safe = ['POST /orders/search', 'POST /reports/*', 'PUT /views/**'];
    assert.deepEqual(definePartner({ ...plainPartner, safe }).safe, safe);
  });

  for (const text of ['/orders', 'POST orders', 'POST /a//b', 'POST /a*', 'TRACE /a', 'POST /a?b']) {
    it(`are refused with their index: ${text}`, () => {
      assert.throws(() => definePartner({ ...plainPartner, safe: ['POST /fine', text] }), {
        code: 'configuration',
        setting: 'partner.safe.1',
      });
    });
  }
});
