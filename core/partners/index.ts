import { bizmail } from './bizmail.ts';
import { cloudreve } from './cloudreve.ts';
import { tconnect } from './tconnect.ts';

/** The built-in partner definitions. A test has `definePartner()` check them, so that no start of a program has to. */
export const partners = { tconnect, bizmail, cloudreve } as const;

export type BuiltInPartner = keyof typeof partners;
