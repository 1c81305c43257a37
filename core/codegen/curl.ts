import process from 'node:process';
import type { Cipher } from '../cipher/cipher.ts';
import type { EncodedBody } from '../exchange/encode-body.ts';
import { resolveConnection, type ConnectionOptions } from '../exchange/connection.ts';
import { encodeRequest } from '../exchange/encode-request.ts';
import { defaultShell, formatCurl, type Shell } from '../lib/curl-command.ts';
import type { ExampleCall } from '../partners/definition.ts';

/** A protected call to generate code for. */
export interface GeneratedCall {
  readonly connection: ConnectionOptions;
  readonly accessToken: string;
  readonly cipher: Cipher | undefined;
  readonly call: Pick<ExampleCall, 'method' | 'path' | 'payload'>;
}

/**
 * A cURL command. It contains the access token: treat it as a secret.
 *
 * @param shell that it is pasted into; default: PowerShell on Windows, a POSIX shell elsewhere.
 */
export async function curlCommand(
  { connection: options, accessToken, cipher, call }: GeneratedCall,
  shell: Shell = defaultShell(process.platform),
): Promise<string> {
  const connection = resolveConnection(options);
  const { definition } = connection;
  const form = definition.requestBody ?? definition.body;
  const { request, body } = await encodeRequest(
    connection,
    { ...call, form, token: accessToken, isProtected: true },
    cipher,
  );
  const fields = body?.fields;
  const headers = Object.entries(request.headers).filter(([name]) => fields === undefined || name !== 'content-type');
  return formatCurl(
    {
      method: request.method,
      url: request.url,
      options: [
        ...headers.map(
          ([name, value]) => ['--header', formatHeader(displayName(name, definition.headers), value)] as const,
        ),
        // curl chooses the boundary of a multipart body.
        ...(fields?.map(([name, value]) => ['--form-string', `${name}=${value}`] as const) ?? []),
        ...(body !== undefined && fields === undefined ? [['--data', formatBody(body, shell)] as const] : []),
      ],
    },
    shell,
  );
}

/** curl leaves out a header that ends with a colon, and sends one that ends with a semicolon without a value. */
function formatHeader(name: string, value: string): string {
  return value === '' ? `${name};` : `${name}: ${value}`;
}

/** A header name as the definition spells it, or else with each word capitalized. */
function displayName(name: string, headers: Readonly<Record<string, string>> = {}): string {
  const defined = Object.keys(headers).find((header) => header.toLowerCase() === name);
  return defined ?? name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

/**
 * On Windows, JSON has escapes for characters that curl receives only in some of its builds, and for those that a prompt of
 * cmd may expand.
 */
function formatBody({ body, contentType }: EncodedBody, shell: Shell): string {
  const text = String(body);
  if (shell === 'posix' || contentType !== 'application/json') return text;
  return text.replace(/[%!]|[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
