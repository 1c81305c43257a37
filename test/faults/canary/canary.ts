import { randomBytes } from 'node:crypto';

/** A secret that can be recognized, and that no other run has. */
export function canary(what: string, length: number): string {
  return `CANARY-${what}-${randomBytes(32).toString('hex')}`.slice(0, length);
}
