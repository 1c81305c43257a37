import type { BodyForm, CallKind, PartnerDefinition } from './definition.ts';
import { responseShapeOf } from './response-shape.ts';

function bodyForms({ body, requestBody }: PartnerDefinition): readonly BodyForm[] {
  return requestBody === undefined ? [body] : [body, requestBody];
}

export const callKinds = ['login', 'oneTimeCode', 'refresh', 'logout', 'request'] as const satisfies CallKind[];

/** Whether a session with this partner requires cipher settings. */
export function requiresCipher(definition: PartnerDefinition): boolean {
  return (
    callKinds.some((kind) => responseShapeOf(definition, kind).encryptedIn !== undefined) ||
    definition.requestQuery !== undefined ||
    bodyForms(definition).some(({ form }) => form === 'encrypted')
  );
}

/** Whether a header or a constant field of an envelope contains `{partnerCode}`. */
export function requiresPartnerCode(definition: PartnerDefinition): boolean {
  const fields = bodyForms(definition).map((form) => (form.form === 'encrypted' ? form.fields : undefined));
  return [definition.headers, ...fields]
    .flatMap((constants) => Object.values(constants ?? {}))
    .some((template) => template.includes('{partnerCode}'));
}

/** A property of a partner, shown to users who choose one. */
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
