import { logText, type Challenge, type CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { explainError } from '../model/messages.ts';
import { tidy } from '../model/pasted.ts';
import type { ShowStep } from '../model/wizard.ts';

/** Prompts for what a partner requires beyond the login fields, after the `stepCount` steps that asked for those. */
export async function askChallenge(
  { t, ui, log }: App,
  profile: CheckedProfile,
  account: string | undefined,
  challenge: Challenge,
  stepCount: number,
): ReturnType<ShowStep> {
  const partner = profile.definition.label;
  const position = { step: stepCount + 1, total: undefined, title: t('Sign in to {0}', profile.label) };
  const validate = (value: string): string | undefined => (value === '' ? t('This is required.') : undefined);
  log.info(`${profile.label}: ${logText(challenge.error)}`);
  switch (challenge.kind) {
    case 'oneTimeCode': {
      const prompt = t('One-time code for {0}', partner);
      return ui.showStep(
        {
          kind: 'input',
          id: 'otp',
          prompt: account === undefined ? prompt : `${prompt} (${account})`,
          tidy: (value) => tidy('code', value, t),
          validate,
        },
        {
          ...position,
          problem: challenge.wasRefused ? explainError(challenge.error, profile.label, t).message : undefined,
        },
      );
    }
    case 'captcha': {
      const close = ui.showImage({
        title: t('Captcha from {0}', partner),
        alt: t('Image of a text to type, from {0}', partner),
        hint: t('Type the text of this image into the field at the top. The arrow there requests a new picture.'),
        dataUri: challenge.image,
      });
      try {
        const result = await ui.showStep(
          {
            kind: 'input',
            id: 'captcha',
            prompt: t('Text in the image'),
            buttons: [{ id: 'newImage', label: t('New picture'), icon: 'refresh' }],
            tidy: (value) => tidy('name', value, t),
            validate,
          },
          {
            ...position,
            problem: challenge.wasRefused
              ? t('That text was not correct. Enter the text of the new image.')
              : undefined,
          },
        );
        return typeof result === 'object' && 'value' in result ? { value: result.value.trim() } : result;
      } finally {
        close();
      }
    }
  }
}
