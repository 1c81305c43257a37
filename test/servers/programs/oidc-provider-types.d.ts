/** What is used of it here; it has no types of its own. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  interface Client {
    readonly clientId: string;
  }

  export interface Model {
    readonly expiration: number;
    save(): Promise<string>;
  }

  interface ModelClass {
    new (properties: object): Model;
    find(value: string): Promise<Model | undefined>;
  }

  export interface Context {
    readonly oidc: { readonly params: Readonly<Record<string, string | undefined>>; readonly client: Client };
    body: unknown;
  }

  /** Stores the models of one name. */
  export interface Adapter {
    upsert(id: string, payload: object, expiresIn?: number): Promise<void>;
    find(id: string): Promise<object | undefined>;
    findByUid(uid: string): Promise<object | undefined>;
    findByUserCode(code: string): Promise<object | undefined>;
    destroy(id: string): Promise<void>;
    consume(id: string): Promise<void>;
    revokeByGrantId(grantId: string): Promise<void>;
  }

  export class Provider {
    constructor(issuer: string, configuration: object);
    readonly AccessToken: ModelClass;
    readonly ClientCredentials: ModelClass;
    readonly Grant: new (properties: object) => Model & { addOIDCScope(scope: string): void };
    readonly RefreshToken: ModelClass;
    callback(): RequestListener;
    registerGrantType(name: string, handler: (context: Context) => Promise<void>, parameters: readonly string[]): void;
  }

  export const errors: { readonly InvalidGrant: new (detail: string) => Error };
}
