import { detectCipher, type CipherCandidate, type CipherSettingsWithoutSecrets } from '../../index.ts';
import { findIv, readEnvelope, toSavedCipher } from '../../profiles/index.ts';
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
  const found = candidates.map((candidate) => findingOf(candidate, iv === undefined));
  if (given.has('json')) await writeJson({ verdict, ...(advice !== undefined && { advice }), candidates: found });
  else await writeResult(found.map(describe).join(''));
  if (advice !== undefined) note(advice);
  return verdict === 'none' ? exitCodes.failure : exitCodes.success;
};

interface Finding {
  /** As the field `cipher` of a profile has them. */
  readonly settings: CipherSettingsWithoutSecrets;
  /** The fixed IV, unless the user has given it. */
  readonly iv?: string;
  readonly payload: CipherCandidate['payload'];
  readonly reasons: CipherCandidate['reasons'];
}

function findingOf({ settings, payload, reasons }: CipherCandidate, showIv: boolean): Finding {
  const value = settings.iv.from === 'fixed' ? settings.iv.value : undefined;
  return {
    settings: toSavedCipher(settings),
    ...(showIv && typeof value === 'string' && { iv: value }),
    payload,
    reasons,
  };
}

function describe({ settings, iv, payload, reasons }: Finding): string {
  const secret = iv === undefined ? '' : `  IV, which is secret: ${iv}\n`;
  return `${JSON.stringify(settings)}\n${secret}  payload: ${payload}; ${reasons.join(', ')}\n`;
}
