import { createHmac } from 'node:crypto';

const step = 30_000;

/** Returns the six-digit code of RFC 6238 (HMAC-SHA-1, steps of 30 s) at `now`, epoch milliseconds. */
export function oneTimeCode(secret: Buffer, now: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / step)));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  return String((mac.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

/** Whether the code is valid at `now`, one step earlier or one step later (the default of pquerna/otp, which Cloudreve 4.18 uses). */
export function isOneTimeCode(code: string, secret: Buffer, now: number): boolean {
  return [-step, 0, step].some((skew) => oneTimeCode(secret, now + skew) === code.trim());
}
