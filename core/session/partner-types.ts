import type { CipherSettings } from '../cipher/settings.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import type { BuiltInPartner, partners } from '../partners/index.ts';
import type { LiteralOf } from '../partners/typed-definition.ts';

/** The id of a built-in partner, or a partner definition. */
export type Partner = BuiltInPartner | PartnerDefinition;

/**
 * The credentials of a partner by their names on the wire, or its one-time code alone. Of a partner that is known at run time
 * only, any object of strings, which is checked when it is used.
 */
export type CredentialsOf<P = Partner> =
  IsAny<P> extends true ? object : IsUnion<P> extends true ? object : Fields<DefinitionOf<P>>;

type IsAny<T> = 0 extends 1 & T ? true : false;

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;

/** The options that `openSession()` requires for a partner, in addition to those that all partners have. */
export type RequiredOptions<P> = P extends unknown ? RequiredBy<DefinitionOf<P>> : never;

type DefinitionOf<P> = P extends BuiltInPartner ? LiteralOf<(typeof partners)[P]> : LiteralOf<P>;

type Fields<D> = D extends { readonly credentials: readonly (infer F)[] }
  ? string extends NameOf<F>
    ? object
    : Login<D, F> | OneTimeCode<D>
  : object;

type NameOf<F> = F extends { readonly name: infer N extends string } ? N : never;

type Optional<F> = Extract<F, { readonly required: false }>;

type Login<D, F> = Shown<
  Record<NameOf<Exclude<F, Optional<F>>>, string>,
  Record<NameOf<Optional<F>> | CodeField<D> | CaptchaField<D>, string>
>;

// With an empty object type in an intersection, tsc would accept any further name. Inferred, because an editor shows the alias of
// a mapped type instead of its fields.
type Shown<R, O> = R & Partial<O> extends infer T ? { readonly [K in keyof T]: T[K] } : never;

type OneTimeCode<D> = CodeField<D> extends never ? never : Readonly<Record<CodeField<D>, string>>;

type CodeField<D> = D extends { readonly oneTimeCode: { readonly codeField: infer N extends string } } ? N : never;

type CaptchaField<D> = D extends {
  readonly captcha: { readonly textField: infer N extends string; readonly ticketField: infer T extends string };
}
  ? N | T
  : never;

type RequiredBy<D> = (IsEncrypted<D> extends true ? { readonly cipher: CipherSettings } : unknown) &
  (HasPartnerCode<D> extends true ? { readonly partnerCode: string } : unknown);

type IsEncrypted<D> = D extends
  | { readonly body: { readonly form: 'encrypted' } }
  | { readonly requestBody: { readonly form: 'encrypted' } }
  | { readonly requestQuery: object }
  | { readonly response: { readonly encryptedIn: string } }
  ? true
  : false;

type HasPartnerCode<D> = true extends
  | (D extends { readonly headers: infer H } ? IsTemplate<H[keyof H]> : never)
  | (D extends { readonly body: { readonly fields: infer F } } ? IsTemplate<F[keyof F]> : never)
  | (D extends { readonly requestBody: { readonly fields: infer F } } ? IsTemplate<F[keyof F]> : never)
  ? true
  : false;

type IsTemplate<V> = V extends `${string}{partnerCode}${string}` ? true : never;
