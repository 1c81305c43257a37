import { deepFreeze } from '../lib/validation.ts';
import type { PartnerDefinition } from './definition.ts';

/** Exists in types only. */
declare const literalType: unique symbol;

/**
 * A partner definition that keeps the types of its own names and values, by which `openSession()` knows the credentials and
 * options that the partner requires.
 */
export type TypedDefinition<D> = PartnerDefinition & { readonly [literalType]?: D };

/** The definition with its own names and values as types; `T` itself if it is one that was written `as const`. */
export type LiteralOf<T> = T extends { readonly [literalType]?: infer D }
  ? unknown extends D
    ? T
    : NonNullable<D>
  : T;

/** A built-in definition. A test checks it with `definePartner()`, so that programs need not. */
export function builtInPartner<const D extends PartnerDefinition>(definition: D): TypedDefinition<D> {
  return deepFreeze(definition);
}
