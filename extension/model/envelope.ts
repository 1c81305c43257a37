/** What somebody pasted: a ciphertext alone, or the envelope around it as JSON or form fields. */
export interface Envelope {
  readonly ciphertext: string;
  /** The other text fields by name. */
  readonly others: Readonly<Record<string, string>>;
}

const deepest = 8;

/** The longest text of an envelope is its ciphertext; any other text is taken for the ciphertext itself. */
export function readEnvelope(text: string): Envelope {
  const trimmed = text.trim();
  const fields = jsonFields(trimmed) ?? queryFields(trimmed);
  if (fields === undefined) return { ciphertext: trimmed.replace(/^"|"$/g, ''), others: {} };
  const [longest, ...others] = Object.entries(fields).sort(([, a], [, b]) => b.length - a.length);
  return { ciphertext: longest?.[1] ?? trimmed, others: Object.fromEntries(others) };
}

/** The field beside the ciphertext that holds 16 bytes, where there is exactly one: that is the IV of this message. */
export function ivBeside({ others }: Envelope): { readonly iv: string; readonly ivField: string } | undefined {
  const found = Object.entries(others).filter(([, value]) => /^(?:[\da-f]{32}|[A-Za-z\d+/]{22}(?:==)?)$/i.test(value));
  const [only] = found;
  return only !== undefined && found.length === 1 ? { iv: only[1], ivField: only[0] } : undefined;
}

/** The fields of `a=1&b=2`; undefined for any other text. */
export function queryFields(text: string): Record<string, string> | undefined {
  if (!/^[\w.%+[\]-]+=[^\s&]*(?:&[\w.%+[\]-]+=[^\s&]*)*$/.test(text) || /^[\w+/]+={1,2}$/.test(text)) return undefined;
  return Object.fromEntries(new URLSearchParams(text));
}

/** All texts of a JSON object, also those of objects within it, by their own names. */
function jsonFields(text: string): Record<string, string> | undefined {
  if (!text.startsWith('{')) return undefined;
  const fields: Record<string, string> = {};
  const collect = (value: unknown, depth: number): void => {
    for (const [name, entry] of Object.entries(value ?? {})) {
      if (typeof entry === 'string') fields[name] = entry;
      else if (typeof entry === 'object' && depth < deepest) collect(entry, depth + 1);
    }
  };
  try {
    collect(JSON.parse(text), 0);
    return Object.keys(fields).length === 0 ? undefined : fields;
  } catch {
    return undefined;
  }
}
