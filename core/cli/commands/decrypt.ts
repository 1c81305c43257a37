import { readEnvelope } from '../../profiles/index.ts';
import { openCipher } from '../cipher.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { withProfiles } from '../profiles.ts';
import { readStdinText } from '../terminal/ask.ts';
import { writeResult } from '../terminal/output.ts';
import { configurationFailure } from '../usage-error.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const { cipher } = await openCipher(files, given);
    const text = await readStdinText('the ciphertext or its envelope');
    if (text === '') throw configurationFailure('There is nothing on stdin to decrypt.');
    const { ciphertext, others } = readEnvelope(text);
    const plaintext = cipher.decryptBytes(
      ciphertext,
      cipher.ivField === undefined ? undefined : others[cipher.ivField],
    );
    await writeResult(plaintext);
    if (process.stdout.isTTY) await writeResult('\n');
    return undefined;
  });
