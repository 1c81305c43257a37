import { detectCipher, type CipherCandidate } from '../../index.ts';
import { findIv, readEnvelope } from '../../profiles/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { readText } from '../input.ts';
import { ask, readStdinText } from '../terminal/ask.ts';
import { fromEnvironment } from '../terminal/environment.ts';
import { note, writeJson, writeResult } from '../terminal/output.ts';

export const run: RunVerb = async (given) => {
  const envelope = readEnvelope(await readStdinText('a ciphertext or its envelope'));
  const file = given.text('plaintext');
  const plaintext = file === undefined ? undefined : (await readText(file, '--plaintext')).replace(/\r?\n$/, '');
  const iv = fromEnvironment('PARTNER_AUTH_IV');
  const { verdict, candidates, advice } = detectCipher({
    key: await ask('The key, exactly as the partner provided it', 'key', true),
    ciphertext: envelope.ciphertext,
    ...(plaintext !== undefined && plaintext !== '' && { plaintext }),
    ...(iv === undefined ? findIv(envelope) : { iv }),
  });
  const found = candidates.map(({ settings, payload, reasons }) => ({ settings, payload, reasons }));
  if (given.has('json')) await writeJson({ verdict, ...(advice !== undefined && { advice }), candidates: found });
  else await writeResult(found.map(describe).join(''));
  if (advice !== undefined) note(advice);
  return verdict === 'none' ? exitCodes.failure : exitCodes.success;
};

/** The settings as the field `cipher` of a profile has them, and why they fit. */
function describe({ settings, payload, reasons }: Omit<CipherCandidate, 'score'>): string {
  return `${JSON.stringify(settings)}\n  payload: ${payload}; ${reasons.join(', ')}\n`;
}
