import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner, partners } from '../../../core/index.ts';
import { maskedPayload } from '../../../core/profiles/index.ts';

const masked = '••••••••';

describe('a payload for display', () => {
  it('hides fields that are secrets by the definition or by their name, at any depth', () => {
    const payload = {
      username: 'robot',
      password: 'x',
      refresh_token: 'x',
      amount: 5,
      nested: [{ pwd: 'x', signature: 'x', 'dotted.apiKey': 'x', note: 'kept', secret: { a: 1 }, token: null }],
    };
    assert.deepEqual(maskedPayload(payload, partners.tconnect), {
      username: 'robot',
      password: masked,
      refresh_token: masked,
      amount: 5,
      nested: [{ pwd: masked, signature: masked, 'dotted.apiKey': masked, note: 'kept', secret: masked, token: null }],
    });
  });

  it('shows a credential that the definition states not to be secret, whatever its name', () => {
    const credentials = [
      { name: 'author', label: 'Author', account: true },
      { name: 'key_id', label: 'Key id', secret: false },
      { name: 'api_key', label: 'Key' },
    ];
    const definition = definePartner({ ...partners.bizmail, credentials });
    assert.deepEqual(maskedPayload({ author: 'a', key_id: 'b', api_key: 'c', nested: { key_id: 'd' } }, definition), {
      author: 'a',
      key_id: 'b',
      api_key: masked,
      nested: { key_id: masked },
    });
  });
});
