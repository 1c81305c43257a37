/** Pasted input: a ciphertext alone, or an envelope of JSON or form fields that contains it. */
export interface Envelope {
  readonly ciphertext: string;
  /** The other string fields by name. */
  readonly others: Readonly<Record<string, string>>;
}

const maxDepth = 8;

/**
 * Takes the longest string of an envelope as its ciphertext. Any other input is the ciphertext itself, without what a copy from
 * JSON or from a form adds: quotes, `\/`, percent codes.
 */
export function readEnvelope(text: string): Envelope {
  // Such as a zero-width space or a byte order mark, which a ciphertext cannot contain.
  const trimmed = text.replace(/[\p{Cf}]/gu, '').trim();
  const fields = stringFields(trimmed) ?? formFields(trimmed) ?? stringFields(decodeBase64(trimmed));
  if (fields === undefined) {
    const ciphertext = trimmed
      .replace(/^["'`]|["'`]$/g, '')
      .replaceAll('\\/', '/')
      .replace(/\s+/g, '');
    return { ciphertext: decodePercent(ciphertext), others: {} };
  }
  const [longest, ...others] = Object.entries(fields).sort(([, a], [, b]) => b.length - a.length);
  return { ciphertext: longest?.[1] ?? trimmed, others: Object.fromEntries(others) };
}

/** Whether the text, or a field of the envelope in it, is hex or base64 of whole AES blocks. */
export function holdsCiphertext(text: string): boolean {
  const { ciphertext } = readEnvelope(text);
  if (ciphertext.length % 32 === 0 && /^[\da-f]+$/i.test(ciphertext)) return true;
  if (!/^[\w+/-]{22,}={0,2}$/.test(ciphertext)) return false;
  const { length } = Buffer.from(ciphertext, 'base64');
  return length % 16 === 0;
}

/** As `queryFields`, with `+` as it is: a ciphertext contains no blanks, but may not have been encoded for the form. */
function formFields(text: string): Record<string, string> | undefined {
  return queryFields(text) && queryFields(text.replaceAll('+', '%2B'));
}

/** Laravel sends its envelope as base64. */
function decodeBase64(text: string): string {
  return Buffer.from(text, 'base64').toString();
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Takes the only other field that holds 16 bytes as the IV; undefined if there is none, or more than one. */
export function findIv({ others }: Envelope): { readonly iv: string; readonly ivField: string } | undefined {
  const found = Object.entries(others).filter(([, value]) => /^(?:[\da-f]{32}|[A-Za-z\d+/]{22}(?:==)?)$/i.test(value));
  const [only] = found;
  return only !== undefined && found.length === 1 ? { iv: only[1], ivField: only[0] } : undefined;
}

/** Parses `a=1&b=2`; undefined for anything else. */
export function queryFields(text: string): Record<string, string> | undefined {
  if (!/^[\w.%+[\]-]+=[^\s&]*(?:&[\w.%+[\]-]+=[^\s&]*)*$/.test(text) || /^[\w+/]+={1,2}$/.test(text)) return undefined;
  return Object.fromEntries(new URLSearchParams(text));
}

/** All strings of a JSON object and of the objects nested in it, by their own names. */
function stringFields(text: string): Record<string, string> | undefined {
  if (!text.startsWith('{')) return undefined;
  const fields: Record<string, string> = {};
  const collect = (value: unknown, depth: number): void => {
    for (const [name, entry] of Object.entries(value ?? {})) {
      if (typeof entry === 'string') fields[name] = entry;
      else if (typeof entry === 'object' && depth < maxDepth) collect(entry, depth + 1);
    }
  };
  try {
    collect(JSON.parse(text), 0);
    return Object.keys(fields).length === 0 ? undefined : fields;
  } catch {
    return undefined;
  }
}
