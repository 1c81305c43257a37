import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeFailure } from '../../../core/transport/failure.ts';

const unconnected = {};
const connected = { timings: { connect: 5 } };
const secured = { timings: { connect: 5, secureConnect: 9 } };

describe('describeFailure', () => {
  type Expected = readonly [code: string, mayHaveArrived: boolean, passing: boolean];
  const table: readonly (readonly [title: string, raw: unknown, secure: boolean, expected: Expected])[] = [
    ['a refused connection', { ...unconnected, code: 'ECONNREFUSED' }, false, ['network', false, true]],
    ['an unknown host', { ...unconnected, code: 'ENOTFOUND' }, true, ['network', false, false]],
    ['a temporary lookup failure', { ...unconnected, code: 'EAI_AGAIN' }, true, ['network', false, true]],
    ['an unreachable host', { ...unconnected, code: 'EHOSTUNREACH' }, true, ['network', false, true]],
    ['a reset before connecting', { ...unconnected, code: 'ECONNRESET' }, false, ['network', false, true]],
    ['a reset after connecting', { ...connected, code: 'ECONNRESET' }, false, ['network', true, false]],
    ['a reset during the TLS handshake', { ...connected, code: 'ECONNRESET' }, true, ['network', false, true]],
    ['a reset after the TLS handshake', { ...secured, code: 'ECONNRESET' }, true, ['network', true, false]],
    ['a refusal on an established connection', { ...connected, code: 'ECONNREFUSED' }, false, ['network', true, false]],
    ['a broken pipe', { ...connected, code: 'EPIPE' }, false, ['network', true, false]],
    ['a timeout of the lookup', { code: 'ETIMEDOUT', event: 'lookup' }, true, ['timeout', false, false]],
    ['a timeout of connecting', { code: 'ETIMEDOUT', event: 'connect' }, true, ['timeout', false, false]],
    [
      'a timeout of the TLS handshake',
      { ...connected, code: 'ETIMEDOUT', event: 'secureConnect' },
      true,
      ['timeout', false, false],
    ],
    ['a timeout of the request', { ...secured, code: 'ETIMEDOUT', event: 'request' }, true, ['timeout', true, false]],
    [
      'a timeout of the request before connecting',
      { code: 'ETIMEDOUT', event: 'request' },
      true,
      ['timeout', false, false],
    ],
    ['an expired certificate', { ...connected, code: 'CERT_HAS_EXPIRED' }, true, ['tls', false, false]],
    [
      'a certificate for another host',
      { ...secured, code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
      true,
      ['tls', false, false],
    ],
    ['a self-signed certificate', { ...connected, code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, true, ['tls', false, false]],
    [
      'a certificate error without a specific message',
      { ...connected, code: 'CERT_SIGNATURE_FAILURE' },
      true,
      ['tls', false, false],
    ],
    ['an invalid authority', { ...connected, code: 'INVALID_CA' }, true, ['tls', false, false]],
    ['a certificate for another purpose', { ...connected, code: 'INVALID_PURPOSE' }, true, ['tls', false, false]],
    ['a certificate with another name', { ...connected, code: 'HOSTNAME_MISMATCH' }, true, ['tls', false, false]],
    [
      'a peer that does not support TLS',
      { ...connected, code: 'ERR_SSL_WRONG_VERSION_NUMBER' },
      true,
      ['tls', false, false],
    ],
    ['a TLS protocol error', { ...connected, code: 'EPROTO' }, true, ['tls', false, false]],
    [
      'a response that is not valid HTTP',
      { ...connected, code: 'HPE_INVALID_STATUS' },
      false,
      ['network', true, false],
    ],
    ['a response that is not HTTP', { ...connected, code: 'HPE_INVALID_CONSTANT' }, false, ['network', true, false]],
    ['an error with an unknown code', { ...connected, code: 'secret value' }, false, ['network', true, false]],
    ['an error with a number as code', { ...connected, code: 7 }, false, ['network', true, false]],
    ['a string', 'secret value', false, ['network', false, false]],
    ['undefined', undefined, true, ['network', false, false]],
    ['null', null, true, ['network', false, false]],
  ];
  for (const [title, raw, secure, [code, mayHaveArrived, passing]] of table) {
    it(`reports ${title} as ${code}${mayHaveArrived ? ' that may have arrived' : ''}`, () => {
      const failure = describeFailure(raw, 'partner.example:443', secure);
      assert.equal(failure.error.code, code);
      assert.equal(failure.mayHaveArrived, mayHaveArrived);
      assert.equal(failure.isTransient, passing);
      assert.equal(failure.error.retryable, code !== 'tls');
      assert.match(failure.error.message, /partner\.example:443.*\.$/);
      assert.doesNotMatch(failure.error.message, /secret value/);
      assert.equal(failure.error.cause, undefined);
    });
  }

  it('takes the timings of the request for an error that has none, such as one of writing a stream', () => {
    for (const [known, expected] of [
      [connected.timings, true],
      [{}, false],
      [undefined, false],
    ] as const) {
      const failure = describeFailure({ code: 'ECONNRESET' }, 'partner.example', false, undefined, known);
      assert.deepEqual([failure.mayHaveArrived, failure.isTransient], [expected, !expected]);
    }
  });

  it('says where HTTP becomes invalid', () => {
    const message = (code: string, hasBegun: boolean): string =>
      describeFailure({ ...connected, code }, 'h', false, undefined, undefined, hasBegun).error.message;
    assert.match(message('HPE_INVALID_CONSTANT', false), /check the port of baseUrl/);
    assert.match(message('HPE_INVALID_STATUS', false), /^No response from h: what it sent is not valid HTTP/);
    assert.match(
      message('HPE_INVALID_CONSTANT', true),
      /^The response of h is incomplete: the rest of it is not valid/,
    );
  });

  it('says how to fix a certificate error', () => {
    const message = (code: string): string => describeFailure({ code }, 'h', true).error.message;
    assert.match(message('CERT_NOT_YET_VALID'), /clock of this machine/);
    assert.match(message('DEPTH_ZERO_SELF_SIGNED_CERT'), /pass its PEM as `ca`/);
    assert.match(message('SELF_SIGNED_CERT_IN_CHAIN'), /PEM of that authority as `ca`/);
    assert.match(message('ERR_TLS_CERT_ALTNAME_INVALID'), /another host; check baseUrl/);
  });
});
