import {
  detectCipher,
  isPartnerAuthError,
  type CipherCandidate,
  type CipherDetection,
  type CipherSample,
  type Hint,
} from '../../core/index.ts';
import { holdsCiphertext, type CheckedProfile } from '../../core/profiles/index.ts';
import type { App, PickItem } from '../model/app.ts';
import { detectionSteps, sampleFrom, sampleProblem, withCipherSettings } from '../model/detection-steps.ts';
import type { Translate } from '../model/translate.ts';
import { chooseText } from '../model/source-text.ts';
import { runWizard, type WizardStart } from '../model/wizard.ts';
import { candidateLabel, reasonLabel } from '../view/candidate.ts';
import { runCommand, saveProfile } from './run-command.ts';

/**
 * Detects cipher settings from one message, lists the candidates with reasons, and saves the selected one in the profile.
 *
 * @param message the message to start with. Default: the selection or the clipboard if it holds a ciphertext.
 */
export async function detectCipherSettings(app: App, profile: CheckedProfile, message?: string): Promise<void> {
  await runCommand(app, profile, 'detectCipher', async () => {
    const { t, ui } = app;
    const secrets = await (await app.sessions.store(profile)).secrets();
    const ciphertext = message ?? (await messageAtHand(app));
    let start: WizardStart = ciphertext === undefined ? {} : { answers: { ciphertext } };
    let sample: CipherSample;
    let detection: CipherDetection | string;
    for (;;) {
      const answers = await runWizard(
        t('Detect Cipher Settings'),
        (given) => detectionSteps(given, secrets?.key !== undefined, t),
        ui.showStep,
        start,
      );
      if (answers === undefined) return;
      sample = sampleFrom(answers, secrets);
      detection = detect(sample, t);
      if (typeof detection !== 'string') break;
      const retry = t('Try Again');
      if ((await ui.confirm(t('The cipher settings were not found.'), detection, retry)) !== retry) return;
      start = { answers };
    }
    const chosen = await pickCandidate(app, detection);
    if (chosen === undefined) return;
    const changed = withCipherSettings(profile, chosen.settings);
    const iv =
      chosen.settings.iv.from === 'fixed' && typeof chosen.settings.iv.value === 'string'
        ? chosen.settings.iv.value
        : undefined;
    const key = typeof sample.key === 'string' ? sample.key : undefined;
    const saved = await saveProfile(app, changed);
    if (saved === undefined) return;
    await (
      await app.sessions.store(saved)
    ).update((record) => ({ ...record, ...(key !== undefined && { key }), ...(iv !== undefined && { iv }) }));
    await app.sessions.release(saved);
    ui.showStatusMessage(t('The cipher settings of {0} were changed.', profile.label));
  });
}

/** The selection or the clipboard, if it holds a ciphertext that is short enough for an input box. */
async function messageAtHand({ ui, clipboard }: App): Promise<string | undefined> {
  const holds = (text: string): boolean => text.length <= longestInput && holdsCiphertext(text);
  const { text } = chooseText(
    ui.editorText(),
    await clipboard.read().catch(() => ''),
    ['clipboard', 'document'],
    holds,
  );
  return holds(text) ? text.trim() : undefined;
}

/** In characters. */
const longestInput = 20_000;

/** The settings that fit, or a message that explains why none do. */
function detect(sample: Parameters<typeof detectCipher>[0], t: Translate): CipherDetection | string {
  try {
    const detection = detectCipher(sample);
    if (detection.candidates.length > 0) return detection;
    return translateHints(detection.hints, t);
  } catch (error) {
    const problem = isPartnerAuthError(error) ? sampleProblem(error, t) : undefined;
    if (problem === undefined) throw error;
    return problem;
  }
}

function translateHints(hints: readonly Hint[], t: Translate): string {
  return hints.map((hint) => t(hint)).join(' ');
}

async function pickCandidate(
  { t, ui }: App,
  { verdict, candidates, hints }: CipherDetection,
): Promise<CipherCandidate | undefined> {
  const items: PickItem<CipherCandidate>[] = candidates.map((candidate) => ({
    value: candidate,
    label: candidateLabel(candidate, t),
    detail: candidate.reasons.map((reason) => reasonLabel(reason, t)).join(', '),
  }));
  const prompt =
    verdict === 'found'
      ? t('These settings fit. Select them to save them in the profile.')
      : `${t('Several settings fit.')} ${translateHints(hints, t)}`;
  return ui.pick(prompt, items);
}
