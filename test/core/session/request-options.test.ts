import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HttpMethod } from '../../../core/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';

describe('the method of request()', () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
    it(`sends a ${method} without a payload as a request without a body`, () =>
      withRawPartner({ timeout: 5_000 }, async ({ session, received }) => {
        assert.equal((await session.request('/orders/7', { method })).status, 200);
        const last = received.at(-1);
        assert.equal(last?.call, `${method} /orders/7`);
        assert.deepEqual([last.headers['content-length'], last.headers['transfer-encoding']], ['0', undefined]);
        assert.deepEqual([last.body.length, last.headers['content-type']], [0, undefined]);
      }));

    it(`repeats a ${method} without a payload once with a new token if the first one is refused`, () =>
      withRawPartner({ timeout: 5_000 }, async ({ session, received, on }) => {
        on(`${method} /orders/7`, (response, number) => number === 1 && response.writeHead(401).end('{}'));
        assert.equal((await session.request('/orders/7', { method })).status, 200);
        const sent = received.filter(({ call }) => call === `${method} /orders/7`);
        assert.deepEqual(
          sent.map(({ headers }) => headers.authorization),
          ['Bearer access-1', 'Bearer access-2'],
        );
      }));
  }

  for (const method of ['get', 'post', 'Delete', 'HEAD', 'TRACE', 'CONNECT', 'PATC', 'GET /x', '', 7, null, ['GET']]) {
    it(`refuses ${JSON.stringify(method)} before anything is sent`, () =>
      withRawPartner({}, async ({ session, received }) => {
        const before = received.length;
        await assert.rejects(session.request('/x', { method: method as HttpMethod }), {
          name: 'TypeError',
          message: 'The method of a request must be one of GET, POST, PUT, PATCH, DELETE, in upper case.',
        });
        assert.equal(received.length, before);
      }));
  }
});

describe('options of request() that would be lost', () => {
  const refused: readonly (readonly [title: string, path: unknown, options: unknown, message: RegExp])[] = [
    ['no path', undefined, undefined, /^The path of a request must be a string/],
    ['a URL object as path', new URL('http://h/x'), {}, /^The path of a request must be a string/],
    ['a path with a fragment', '/x#y', {}, /must not contain "#"/],
    ['a path with a line break', '/x\ny', {}, /control characters/],
    ['a path with an unpaired surrogate', '/x\ud800', {}, /unpaired surrogate/],
    ['a path that ends with a space', '/x ', {}, /a space at its end/],
    ['options that are null', '/x', null, /^The options of request\(\) must be an object/],
    ['options that are a string', '/x', 'POST', /^The options of request\(\) must be an object/],
    ['the option json', '/x', { json: {} }, /no option "json"/],
    ['the option params', '/x', { params: {} }, /Pass the parameters as `query`/],
    ['a controller as signal', '/x', { signal: new AbortController() }, /signal of request\(\) must be an AbortSignal/],
    ['headers in a Headers object', '/x', { headers: new Headers({ a: 'b' }) }, /^The headers of a request must be/],
    ['headers in a Map', '/x', { headers: new Map([['a', 'b']]) }, /^The headers of a request must be/],
    ['headers that are null', '/x', { headers: null }, /^The headers of a request must be/],
    ['a number as header', '/x', { headers: { 'x-a': 7 } }, /a string of printable ASCII/],
    ['undefined as header', '/x', { headers: { 'x-a': undefined } }, /a string of printable ASCII/],
    ['a header with spaces around it', '/x', { headers: { 'x-a': ' b ' } }, /without spaces around it/],
    ['a header that is given twice', '/x', { headers: { 'x-a': 'b', 'X-A': 'c' } }, /given twice/],
    ['a header of the connection', '/x', { headers: { Upgrade: 'h2c' } }, /set by the session/],
    ['a function as payload', '/x', { payload: () => 1 }, /^payload must be an object of fields, not a function/],
    ['a string as payload', '/x', { payload: '{}' }, /^payload must be an object of fields, not a string/],
    ['null as payload', '/x', { payload: null }, /^payload must be an object of fields, not null/],
    ['FormData as payload', '/x', { payload: new FormData() }, /^payload must be an object of fields, not a FormData/],
    ['a Map as payload', '/x', { payload: new Map([['a', 1]]) }, /^payload must be an object of fields, not a Map/],
    ['an unknown retry', '/x', { retry: true }, /^The option retry of request\(\) must be false/],
  ];
  for (const [title, path, options, message] of refused) {
    it(`refuses ${title} before anything is sent`, () =>
      withRawPartner({}, async ({ session, received }) => {
        const before = received.length;
        await assert.rejects(session.request(path as string, options as object), { name: 'TypeError', message });
        assert.equal(received.length, before);
      }));
  }
});
