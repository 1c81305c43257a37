import {
  createCipher,
  encryptedBody,
  isPartnerAuthError,
  PartnerAuthError,
  type Cipher,
  type Payload,
} from '../../core/index.ts';
import { type CheckedProfile, cipherOf, parseJson } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { readEnvelope } from '../model/envelope.ts';
import { decryptedDocument, encryptedDocument } from '../view/payload-document.ts';
import { detectCipherSettings } from './detect-cipher.ts';
import { runCommand } from './run-command.ts';

/** Encrypts the selected or open JSON as the profile's partner requires it, and shows the envelope. */
export async function encryptPayload(app: App, profile: CheckedProfile): Promise<void> {
  await runCommand(app, profile, 'encryptPayload', async () => {
    const { t, ui } = app;
    const { body, requestBody = body } = profile.definition;
    const form = requestBody.form === 'encrypted' ? requestBody : body;
    if (form.form !== 'encrypted') {
      await ui.ask(t('{0} uses plain payloads: there is nothing to encrypt or decrypt.', profile.label));
      return;
    }
    const text = ui.selectedText() ?? '';
    const payload = jsonObject(text);
    if (payload === undefined) {
      await ui.ask(t('Select a JSON payload or open a JSON document, then run this command again.'));
      return;
    }
    const cipher = await cipherFor(app, profile);
    // Encrypts the JSON text itself: parsing could round its numbers.
    const envelope = encryptedBody(form, form.payload === 'query' ? payload : text.trim(), cipher, profile.partnerCode);
    await ui.showDocument(t('Encrypted payload for {0}', profile.label), encryptedDocument(envelope));
  });
}

/** Decrypts a ciphertext or a whole envelope from the selection, or else from the clipboard. Masks secrets at first. */
export async function decryptPayload(app: App, profile: CheckedProfile): Promise<void> {
  await runCommand(app, profile, 'decryptPayload', async () => {
    const { t, ui, clipboard } = app;
    if (profile.cipher === undefined) {
      await ui.ask(t('{0} uses plain payloads: there is nothing to encrypt or decrypt.', profile.label));
      return;
    }
    const { ciphertext, others } = readEnvelope(ui.selectedText() ?? (await clipboard.read()));
    const cipher = await cipherFor(app, profile);
    let plaintext: string;
    try {
      plaintext = cipher.decrypt(ciphertext, cipher.ivField === undefined ? undefined : others[cipher.ivField]);
    } catch (error) {
      if (!isPartnerAuthError(error) || error.code !== 'cipher') throw error;
      const detect = t('Detect Cipher Settings');
      const problem = t(
        'The text could not be decrypted with the key of {0}. Run Detect Cipher Settings to find out why.',
        profile.label,
      );
      if ((await ui.ask(problem, detect)) === detect) await detectCipherSettings(app, profile);
      return;
    }
    const name = t('Decrypted payload for {0}', profile.label);
    await ui.showDocument(name, decryptedDocument(plaintext, profile.definition, false));
    const reveal = t('Reveal Secrets');
    if ((await ui.ask(t('Secrets in the payload are masked.'), reveal)) === reveal) {
      await ui.showDocument(name, decryptedDocument(plaintext, profile.definition, true));
    }
  });
}

async function cipherFor(app: App, profile: CheckedProfile): Promise<Cipher> {
  const { key, iv } = (await (await app.sessions.store(profile)).secrets()) ?? {};
  const settings = cipherOf(profile, key, iv);
  if (settings === undefined || key === undefined) {
    throw new PartnerAuthError('configuration', `The key of ${profile.label} is not stored. Sign in to enter it.`, {
      setting: 'cipher.key',
    });
  }
  return createCipher(settings);
}

function jsonObject(text: string): Payload | undefined {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Payload) : undefined;
}
