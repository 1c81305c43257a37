import * as v from 'valibot';
import { errorCodes } from '../lib/errors.ts';
import { fieldPathProblem, jsonPathProblem } from './field-path.ts';
import { baseUrlProblem } from './base-url.ts';
import { labelPattern } from '../lib/label.ts';

const name = v.pipe(
  v.string(),
  v.regex(/^[^\p{C}\p{Z}"]{1,128}$/u, 'must be a name of 1 to 128 characters without spaces'),
);
const label = v.pipe(v.string(), v.regex(labelPattern, 'must be 1 to 80 printable characters'));
const checked = (problemOf: (value: string) => string | undefined) =>
  v.pipe(
    v.string(),
    v.check(
      (value) => problemOf(value) === undefined,
      ({ input }) => problemOf(input) ?? '',
    ),
  );
/** A path in JSON. */
const jsonPath = checked(jsonPathProblem);
/** A path to any value of a response. */
const fieldPath = checked(fieldPathProblem);
const path = v.pipe(
  v.string(),
  v.regex(
    /^\/(?!\/)[^\p{C}\p{Z}\\#]{0,1000}$/u,
    'must be a path that starts with one "/", without spaces, "\\" and "#"',
  ),
  v.check(staysBelowBase, 'must not leave the path of baseUrl through ".."'),
  v.check(
    (value) => !/[{}<>]|\/:[a-z]/i.test(value),
    'must have no placeholder: only headers and the fields of an envelope may. Write the value itself into the path',
  ),
);
const method = v.picklist(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
// Not v.record(), which accepts a list as an object with the fields "0", "1" and so on.
const fields = v.pipe(
  v.unknown(),
  v.check(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be an object of payload fields',
  ),
);
const scalar = v.union([v.string(), v.number(), v.boolean()]);
const headerName = v.pipe(v.string(), v.regex(/^[!#$%&'*+.^_`|~\dA-Za-z-]{1,100}$/, 'must be an HTTP header name'));
const cookieName = v.pipe(v.string(), v.regex(/^[!#$%&'*+.^_`|~\dA-Za-z-]{1,100}$/, 'must be the name of a cookie'));
function hasOtherPlaceholder(value: string): boolean {
  return /[{}]/.test(value.replace(/(?<!\$)\{partnerCode\}/g, '')) || otherBrackets.test(value);
}

/** The placeholder as in shells, templates and URLs of other tools. */
const otherBrackets =
  /<\s*partner[-_ ]?code\s*>|%partner[-_ ]?code%|\[\s*partner[-_ ]?code\s*\]|[:$]partner[-_ ]?code\b/i;

function placeholderProblem(value: string): string {
  const misspelled = (/\$?\{+\s*partner[-_ ]?code\s*\}+/i.exec(value) ?? otherBrackets.exec(value))?.[0];
  const advice = misspelled === undefined ? '' : `: write {partnerCode}, not ${misspelled}`;
  return `must have no placeholder other than {partnerCode}${advice}`;
}

const headerValue = v.pipe(
  v.string(),
  v.regex(/^(?:[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?)?$/, 'must be printable ASCII without spaces around it'),
  v.check(
    (value) => !hasOtherPlaceholder(value),
    ({ input }) => placeholderProblem(input),
  ),
);

const tokenHeaderValue = v.pipe(
  v.string(),
  v.regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?$/, 'must be printable ASCII without spaces around it'),
  v.check(
    (value) => value.split('{accessToken}').length === 2 && !/[{}]/.test(value.replace('{accessToken}', '')),
    'must contain {accessToken} once, and no other placeholder',
  ),
);

const constant = v.pipe(
  v.string(),
  v.regex(/^[^\p{C}]{0,1000}$/u, 'must be a string of printable characters'),
  v.check(
    (value) => !hasOtherPlaceholder(value),
    ({ input }) => placeholderProblem(input),
  ),
);

const bodyForm = v.variant('form', [
  v.strictObject({ form: v.literal('json') }),
  v.strictObject({ form: v.literal('multipart') }),
  v.strictObject({
    form: v.literal('encrypted'),
    // Required unless there is no envelope.
    field: v.optional(name),
    payload: v.optional(v.picklist(['json', 'query'])),
    envelope: v.optional(v.picklist(['json', 'form', 'none'])),
    fields: v.optional(v.record(name, constant)),
  }),
  v.strictObject({ form: v.literal('urlencoded') }),
]);
const expiry = v.strictObject({
  field: fieldPath,
  unit: v.picklist(['seconds', 'rfc3339', 'milliseconds', 'epochSeconds', 'epochMilliseconds']),
});
const optionalResponse = {
  success: v.optional(v.strictObject({ field: fieldPath, equals: scalar })),
  encryptedIn: v.optional(fieldPath),
  accessExpiry: v.optional(expiry),
  refreshExpiry: v.optional(expiry),
  code: v.optional(fieldPath),
  message: v.optional(fieldPath),
  correlationId: v.optional(fieldPath),
};
const response = v.strictObject({
  ...optionalResponse,
  accessToken: fieldPath,
  refreshToken: v.optional(fieldPath),
});
const ownResponse = v.strictObject({
  ...optionalResponse,
  accessToken: v.optional(fieldPath),
  refreshToken: v.optional(fieldPath),
});
const authCall = {
  method: v.optional(method),
  path,
  extraFields: v.optional(fields),
  response: v.optional(ownResponse),
};
const tokenCall = { ...authCall, tokensIn: v.optional(jsonPath) };
const authorization = v.optional(v.picklist(['accessToken', 'refreshToken']));
const refreshCall = v.strictObject({
  ...tokenCall,
  authorization,
  tokenField: v.optional(name),
  tokenCookie: v.optional(cookieName),
  sliding: v.optional(v.boolean()),
  oldTokenStaysValid: v.optional(v.boolean()),
});
const callKind = v.picklist(['login', 'oneTimeCode', 'refresh', 'logout', 'request']);

/** URLs resolve "..", also if it is written as "%2e%2e". */
function staysBelowBase(path: string): boolean {
  const base = '/the-path-of-the-base-url';
  const [steps = ''] = path.split('?');
  return URL.canParse(`http://h${base}${steps}`) && new URL(`http://h${base}${steps}`).pathname.startsWith(`${base}/`);
}

export const partnerSchema = v.strictObject({
  id: v.pipe(
    v.string(),
    v.regex(/^[a-z][a-z\d-]{0,63}$/, 'must be lower-case letters, digits and dashes, starting with a letter'),
  ),
  label,
  baseUrls: v.optional(
    v.array(
      v.strictObject({
        label,
        url: v.pipe(
          v.string(),
          v.url('must be a URL'),
          v.check(
            (value) => baseUrlProblem(value) === undefined,
            'must be usable as baseUrl: https, or http on loopback, without user, query and fragment',
          ),
        ),
      }),
    ),
  ),
  headers: v.optional(v.record(headerName, headerValue)),
  tokenHeader: v.optional(v.strictObject({ name: headerName, value: tokenHeaderValue })),
  body: bodyForm,
  client: v.optional(
    v.strictObject({
      send: v.picklist(['basic', 'body']),
      idField: v.optional(name),
      secretField: v.optional(name),
    }),
  ),
  requestBody: v.optional(bodyForm),
  requestQuery: v.optional(
    v.strictObject({ form: v.literal('encrypted'), field: name, payload: v.optional(v.picklist(['json', 'query'])) }),
  ),
  credentials: v.array(
    v.strictObject({
      name,
      label,
      secret: v.optional(v.boolean()),
      required: v.optional(v.boolean()),
      account: v.optional(v.boolean()),
      format: v.optional(v.picklist(['email', 'text'])),
    }),
  ),
  login: v.strictObject({ ...tokenCall, authorization }),
  refresh: v.optional(v.union([v.literal('login'), refreshCall])),
  logout: v.optional(
    v.strictObject({ ...authCall, authorization, tokenField: v.optional(name), tokenCookie: v.optional(cookieName) }),
  ),
  oneTimeCode: v.optional(
    v.strictObject({
      ...tokenCall,
      sessionIn: fieldPath,
      sessionField: name,
      codeField: name,
      lifetime: v.pipe(
        v.number(),
        v.minValue(1, 'must be at least 1 second'),
        v.maxValue(86_400, 'must be at most a day'),
      ),
    }),
  ),
  captcha: v.optional(
    v.strictObject({
      path,
      imageIn: jsonPath,
      ticketIn: jsonPath,
      textField: name,
      ticketField: name,
      widgets: v.optional(
        v.strictObject({
          pictureMessage: v.optional(v.string()),
          path,
          kindIn: jsonPath,
          pictures: v.array(name),
          kinds: v.record(
            name,
            v.strictObject({
              label,
              field: name,
              shownIn: v.optional(v.record(label, jsonPath)),
              emptyWithoutSecret: v.optional(v.boolean()),
              incompleteMessage: v.optional(v.string()),
            }),
          ),
        }),
      ),
    }),
  ),
  response,
  errors: v.optional(
    v.array(
      v.strictObject({
        on: v.optional(v.pipe(v.array(callKind), v.minLength(1, 'must name at least one call'))),
        status: v.optional(
          v.pipe(
            v.number(),
            v.integer('must be a whole number'),
            v.minValue(100, 'must be an HTTP status from 100 to 599'),
            v.maxValue(599, 'must be an HTTP status from 100 to 599'),
          ),
        ),
        code: v.optional(v.union([v.string(), v.number()])),
        message: v.optional(v.string()),
        is: v.picklist([...errorCodes, 'tokenRefused']),
        setting: v.optional(name),
        advice: v.optional(v.pipe(v.string(), v.regex(/^[^\p{C}]{1,300}$/u, 'must be 1 to 300 printable characters'))),
      }),
    ),
  ),
  safe: v.optional(
    v.array(
      v.pipe(
        v.string(),
        v.regex(
          /^(?:GET|HEAD|POST|PUT|PATCH|DELETE) \/[\x21-\x7e]{0,1000}$/,
          'must be a method and a path, such as "POST /orders/search"',
        ),
      ),
    ),
  ),
  example: v.optional(v.strictObject({ method, path, payload: v.optional(fields), safe: v.boolean() })),
});
