import { encryptedBody, type Cipher, type ExampleCall, type PartnerDefinition } from '../../core/index.ts';

export interface CurlInput {
  readonly definition: PartnerDefinition;
  readonly baseUrl: string;
  readonly partnerCode: string | undefined;
  readonly accessToken: string;
  readonly cipher: Cipher | undefined;
  readonly example: ExampleCall;
}

/** A cURL command of the partner's example call, for a POSIX shell. Carries the access token: treat it as one. */
export function curlCommand({ definition, baseUrl, partnerCode, accessToken, cipher, example }: CurlInput): string {
  const form = definition.requestBody ?? definition.body;
  const parts = [`curl --request ${example.method} ${quote(baseUrl.replace(/\/+$/, '') + example.path)}`];
  for (const [name, value] of Object.entries(definition.headers ?? {})) {
    parts.push(`--header ${quote(`${name}: ${value.replaceAll('{partnerCode}', partnerCode ?? '')}`)}`);
  }
  parts.push(`--header ${quote(`Authorization: Bearer ${accessToken}`)}`);
  if (example.payload !== undefined) {
    if (form.form === 'multipart') {
      for (const [name, value] of Object.entries(example.payload)) {
        parts.push(`--form-string ${quote(`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)}`);
      }
    } else {
      const { body, contentType } =
        form.form === 'encrypted' && cipher !== undefined
          ? encryptedBody(form, example.payload, cipher, partnerCode)
          : { body: JSON.stringify(example.payload), contentType: 'application/json' };
      parts.push(`--header ${quote(`Content-Type: ${contentType}`)}`, `--data ${quote(body)}`);
    }
  }
  return parts.join(' \\\n  ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
