import type { Cipher } from '../cipher/cipher.ts';
import { resolveConnection, type ConnectionOptions } from '../exchange/connection.ts';
import { encodeRequest } from '../exchange/encode-request.ts';
import type { ExampleCall } from '../partners/definition.ts';

export interface GeneratedCall {
  readonly connection: ConnectionOptions;
  readonly accessToken: string;
  readonly cipher: Cipher | undefined;
  readonly call: Pick<ExampleCall, 'method' | 'path' | 'payload'>;
}

/** A cURL command for a POSIX shell. It contains the access token: treat it as one. */
export async function curlCommand({ connection: options, accessToken, cipher, call }: GeneratedCall): Promise<string> {
  const connection = resolveConnection(options);
  const { definition } = connection;
  const form = definition.requestBody ?? definition.body;
  const { request, body } = await encodeRequest(connection, { ...call, form, accessToken }, cipher);
  const fields = body?.fields;
  const headers = Object.entries(request.headers).filter(([name]) => fields === undefined || name !== 'content-type');
  return [
    `curl --request ${request.method} ${quote(request.url)}`,
    ...headers.map(([name, value]) => `--header ${quote(`${spelled(name, definition.headers)}: ${value}`)}`),
    // The boundary of a multipart body is for curl to choose.
    ...(fields?.map(([name, value]) => `--form-string ${quote(`${name}=${value}`)}`) ?? []),
    ...(body !== undefined && fields === undefined ? [`--data ${quote(String(body.body))}`] : []),
  ].join(' \\\n  ');
}

/** A header's name as the definition spells it, else with a capital letter at the start of each word. */
function spelled(name: string, headers: Readonly<Record<string, string>> = {}): string {
  const own = Object.keys(headers).find((header) => header.toLowerCase() === name);
  return own ?? name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
