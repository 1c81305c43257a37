// The part that the benchmark uses of packages without type declarations.

declare module 'crypto-js' {
  interface WordArray {
    toString(encoding?: object): string;
  }
  const CryptoJS: {
    readonly enc: { readonly Hex: { parse(hex: string): WordArray }; readonly Utf8: object };
    readonly AES: {
      encrypt(text: string, key: WordArray, options: { iv: WordArray }): { readonly ciphertext: WordArray };
      decrypt(params: { ciphertext: WordArray }, key: WordArray, options: { iv: WordArray }): WordArray;
    };
  };
  export default CryptoJS;
}

declare module 'aes-js' {
  interface Codec {
    toBytes(text: string): Uint8Array;
    fromBytes(bytes: Uint8Array): string;
  }
  const aes: {
    readonly utils: { readonly hex: Codec; readonly utf8: Codec };
    readonly padding: {
      readonly pkcs7: { pad(bytes: Uint8Array): Uint8Array; strip(bytes: Uint8Array): Uint8Array };
    };
    readonly ModeOfOperation: {
      readonly cbc: new (
        key: Uint8Array,
        iv: Uint8Array,
      ) => { encrypt(bytes: Uint8Array): Uint8Array; decrypt(bytes: Uint8Array): Uint8Array };
    };
  };
  export default aes;
}

declare module 'simple-oauth2' {
  interface AccessToken {
    readonly token: { readonly access_token: string };
    expired(seconds?: number): boolean;
    refresh(): Promise<AccessToken>;
  }
  interface Settings {
    readonly client: { readonly id: string; readonly secret: string };
    readonly auth: { readonly tokenHost: string; readonly tokenPath?: string };
  }
  const oauth: { readonly AuthorizationCode: new (settings: Settings) => { createToken(token: object): AccessToken } };
  export default oauth;
}
