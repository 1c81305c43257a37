import { createCipher, isPartnerAuthError, PartnerAuthError, type Cipher } from '../../core/index.ts';
import type { App } from '../model/app.ts';
import { ciphertextIn } from '../model/detection-steps.ts';
import { cipherOf, type CheckedProfile } from '../model/profile.ts';
import { decryptedDocument, encryptedDocument } from '../view/payload-document.ts';
import { explained } from './with-profile.ts';

/** Encrypts the selected or open JSON as the profile's partner wants it and shows the envelope. */
export async function encryptPayload(app: App, profile: CheckedProfile): Promise<void> {
  await explained(app, profile, 'encryptPayload', async () => {
    const { t, ui } = app;
    const text = ui.selectedText() ?? '';
    if (!isJson(text)) {
      await ui.ask(t('Select a JSON payload, or open a JSON document, and run this again.'));
      return;
    }
    const { body, requestBody } = profile.definition;
    const form = [requestBody ?? body, body].find((candidate) => candidate.form === 'encrypted');
    const sealed = (await cipherFor(app, profile)).seal(text);
    const field = form?.form === 'encrypted' ? form.field : 'data';
    await ui.showDocument(t('Encrypted payload of {0}', profile.label), encryptedDocument(field, sealed, profile));
  });
}

/** Decrypts the selection, or what the clipboard holds: a ciphertext or the whole envelope around it. Shown masked first. */
export async function decryptPayload(app: App, profile: CheckedProfile): Promise<void> {
  await explained(app, profile, 'decryptPayload', async () => {
    const { t, ui, clipboard } = app;
    const given = ui.selectedText() ?? (await clipboard.read());
    const cipher = await cipherFor(app, profile);
    let plain: string;
    try {
      plain = cipher.decrypt(ciphertextIn(given), ivIn(given, cipher.ivField));
    } catch (error) {
      if (!isPartnerAuthError(error) || error.code !== 'cipher') throw error;
      await ui.ask(
        t('This is no ciphertext under the key of {0}. Detect Cipher Settings can find out why.', profile.label),
      );
      return;
    }
    const name = t('Decrypted payload of {0}', profile.label);
    await ui.showDocument(name, decryptedDocument(plain, profile.definition, false));
    const reveal = t('Reveal Secrets');
    if ((await ui.ask(t('Secrets in the payload are masked.'), reveal)) === reveal) {
      await ui.showDocument(name, decryptedDocument(plain, profile.definition, true));
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

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

function ivIn(envelope: string, field: string | undefined): string | undefined {
  if (field === undefined) return undefined;
  try {
    const value = (JSON.parse(envelope) as Record<string, unknown> | null)?.[field];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
