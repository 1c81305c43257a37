import {
  createCipher,
  encryptedBody,
  isPartnerAuthError,
  PartnerAuthError,
  type Cipher,
  type Payload,
} from '../../core/index.ts';
import { type CheckedProfile, cipherOf, holdsCiphertext, parseJson, readEnvelope } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { chooseText, decryptedFrom, encryptedFrom, notDecryptedFrom } from '../model/source-text.ts';
import { decryptedDocument, encryptedDocument } from '../view/payload-document.ts';
import { detectCipherSettings } from './detect-cipher.ts';
import { runCommand } from './run-command.ts';

/**
 * Encrypts a JSON payload as the profile's partner requires it, and shows the envelope. It is taken from the selection, or
 * else from the open document or the clipboard, whichever holds one.
 */
export async function encryptPayload(app: App, profile: CheckedProfile): Promise<void> {
  await runCommand(app, profile, 'encryptPayload', async () => {
    const { t, ui } = app;
    const { body, requestBody = body } = profile.definition;
    const form = requestBody.form === 'encrypted' ? requestBody : body;
    if (form.form !== 'encrypted') {
      await ui.ask(t('{0} uses plain payloads: there is nothing to encrypt or decrypt.', profile.label));
      return;
    }
    const holdsPayload = (text: string): boolean => jsonObject(text) !== undefined;
    // Not the clipboard first: it often holds the last envelope, which is JSON too.
    const { text, source } = chooseText(
      ui.editorText(),
      await readClipboard(app),
      ['document', 'clipboard'],
      holdsPayload,
    );
    const payload = jsonObject(text);
    if (payload === undefined) {
      await ui.ask(t('Select a JSON payload, open a JSON document or copy one, then run this command again.'));
      return;
    }
    const cipher = await cipherFor(app, profile);
    // Encrypts the JSON text itself: parsing could round its numbers.
    const envelope = encryptedBody(form, form.payload === 'query' ? payload : text.trim(), cipher, profile.partnerCode);
    await ui.showDocument(t('Encrypted payload for {0}', profile.label), encryptedDocument(envelope));
    ui.showStatusMessage(encryptedFrom(source, t));
  });
}

/**
 * Decrypts a ciphertext or a whole envelope, with secrets masked at first. It is taken from the selection; else from the
 * clipboard if that holds a ciphertext; else from the open document.
 */
export async function decryptPayload(app: App, profile: CheckedProfile): Promise<void> {
  await runCommand(app, profile, 'decryptPayload', async () => {
    const { t, ui } = app;
    if (profile.cipher === undefined) {
      await ui.ask(t('{0} uses plain payloads: there is nothing to encrypt or decrypt.', profile.label));
      return;
    }
    const cipher = await cipherFor(app, profile);
    const decrypt = (text: string): string | undefined => tryToDecrypt(cipher, text);
    // A ciphertext can have a prefix or be encoded twice: what can be decrypted is one, too.
    const holds = (text: string): boolean => holdsCiphertext(text) || decrypt(text) !== undefined;
    const { text, source } = chooseText(ui.editorText(), await readClipboard(app), ['clipboard'], holds);
    const plaintext = decrypt(text);
    if (plaintext === undefined) {
      const detect = t('Detect Cipher Settings');
      const chosen = await ui.ask(notDecryptedFrom(source, profile.label, t), detect);
      if (chosen === detect) await detectCipherSettings(app, profile, text);
      return;
    }
    const name = t('Decrypted payload for {0}', profile.label);
    await ui.showDocument(name, decryptedDocument(plaintext, profile.definition, false));
    ui.showStatusMessage(decryptedFrom(source, t));
    const reveal = t('Reveal Secrets');
    if ((await ui.ask(t('Secrets in the payload are masked.'), reveal)) === reveal) {
      await ui.showDocument(name, decryptedDocument(plaintext, profile.definition, true));
    }
  });
}

/** Undefined if the text is not a ciphertext, or one of another key. */
function tryToDecrypt(cipher: Cipher, text: string): string | undefined {
  const { ciphertext, others } = readEnvelope(text);
  try {
    return cipher.decrypt(ciphertext, cipher.ivField === undefined ? undefined : others[cipher.ivField]);
  } catch (error) {
    if (isPartnerAuthError(error) && error.code === 'cipher') return undefined;
    throw error;
  }
}

/** A browser may refuse to have its clipboard read. */
async function readClipboard({ clipboard }: App): Promise<string> {
  return clipboard.read().catch(() => '');
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
