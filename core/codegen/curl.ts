import type { Cipher } from '../cipher/cipher.ts';
import { resolveConnection, type ConnectionOptions } from '../exchange/connection.ts';
import { encodeRequest } from '../exchange/encode-request.ts';
import type { ExampleCall } from '../partners/definition.ts';

/** A protected call to generate code for. */
export interface GeneratedCall {
  readonly connection: ConnectionOptions;
  readonly accessToken: string;
  readonly cipher: Cipher | undefined;
  readonly call: Pick<ExampleCall, 'method' | 'path' | 'payload'>;
}

/** A cURL command for a POSIX shell. It contains the access token: treat it as a secret. */
export async function curlCommand({ connection: options, accessToken, cipher, call }: GeneratedCall): Promise<string> {
  const connection = resolveConnection(options);
  const { definition } = connection;
  const form = definition.requestBody ?? definition.body;
  const { request, body } = await encodeRequest(connection, { ...call, form, accessToken }, cipher);
  const fields = body?.fields;
  const headers = Object.entries(request.headers).filter(([name]) => fields === undefined || name !== 'content-type');
  return [
    `curl --request ${request.method} ${quote(request.url)}`,
    ...headers.map(([name, value]) => `--header ${quote(`${displayName(name, definition.headers)}: ${value}`)}`),
    // curl chooses the boundary of a multipart body.
    ...(fields?.map(([name, value]) => `--form-string ${quote(`${name}=${value}`)}`) ?? []),
    ...(body !== undefined && fields === undefined ? [`--data ${quote(String(body.body))}`] : []),
  ].join(' \\\n  ');
}

/** A header name as the definition spells it, or else with each word capitalized. */
function displayName(name: string, headers: Readonly<Record<string, string>> = {}): string {
  const defined = Object.keys(headers).find((header) => header.toLowerCase() === name);
  return defined ?? name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
