import type { Part } from '../report/part.ts';
import { cipher } from './cipher.ts';
import { command } from './command.ts';
import { download } from './download.ts';
import { exchange } from './exchange.ts';
import { gateway } from './gateway.ts';
import { growth } from './growth.ts';
import { idle } from './idle.ts';
import { size } from './size.ts';
import { startup } from './startup.ts';
import { storm } from './storm.ts';
import { token } from './token.ts';

/** By the name on the command line, in the order of the report. */
export const parts: Readonly<Record<string, Part>> = {
  cipher,
  token,
  exchange,
  gateway,
  storm,
  download,
  startup,
  command,
  size,
  idle,
  growth,
};
