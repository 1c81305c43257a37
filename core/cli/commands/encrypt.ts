import { encryptedBody, type Payload } from '../../index.ts';
import { openCipher } from '../cipher.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { toJson } from '../input.ts';
import { withProfiles } from '../profiles.ts';
import { readStdinText } from '../terminal/ask.ts';
import { writeResult } from '../terminal/output.ts';
import { configurationFailure } from '../usage-error.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const { cipher, profile } = await openCipher(files, given);
    const text = await readStdinText('the payload');
    if (text === '') throw configurationFailure('There is nothing on stdin to encrypt.');
    const { body, requestBody = body } = profile.definition;
    const form = requestBody.form === 'encrypted' ? requestBody : body;
    if (form.form !== 'encrypted' || (given.has('ciphertext') && cipher.ivField === undefined)) {
      await writeResult(`${cipher.encrypt(text)}\n`);
      return undefined;
    }
    // As it is: parsing could round its numbers.
    const payload = form.payload === 'query' && text.startsWith('{') ? (toJson(text, 'stdin') as Payload) : text;
    await writeResult(`${encryptedBody(form, payload, cipher, profile.partnerCode).body}\n`);
    return undefined;
  });
