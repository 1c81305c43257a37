import type { BodyForm, PartnerDefinition } from './definition.ts';

function bodyForms({ body, requestBody }: PartnerDefinition): readonly BodyForm[] {
  return requestBody === undefined ? [body] : [body, requestBody];
}

/** Whether a session with this partner needs cipher settings. */
export function requiresCipher(definition: PartnerDefinition): boolean {
  return (
    definition.response.encryptedIn !== undefined || bodyForms(definition).some(({ form }) => form === 'encrypted')
  );
}

/** Whether `{partnerCode}` occurs in a header, or in a constant field of an envelope. */
export function requiresPartnerCode(definition: PartnerDefinition): boolean {
  const fields = bodyForms(definition).map((form) => (form.form === 'encrypted' ? form.fields : undefined));
  return [definition.headers, ...fields]
    .flatMap((constants) => Object.values(constants ?? {}))
    .some((template) => template.includes('{partnerCode}'));
}

/** What sets a partner apart, for people who choose one. */
export type PartnerTrait = 'encrypted' | 'plain' | 'multipart' | 'partnerCode' | 'oneTimeCode' | 'captcha';

export function traitsOf(definition: PartnerDefinition): readonly PartnerTrait[] {
  const { oneTimeCode, captcha } = definition;
  const isMultipart = bodyForms(definition).some(({ form }) => form === 'multipart');
  return [
    requiresCipher(definition) ? 'encrypted' : 'plain',
    ...(isMultipart ? (['multipart'] as const) : []),
    ...(requiresPartnerCode(definition) ? (['partnerCode'] as const) : []),
    ...(oneTimeCode === undefined ? [] : (['oneTimeCode'] as const)),
    ...(captcha === undefined ? [] : (['captcha'] as const)),
  ];
}
