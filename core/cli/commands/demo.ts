import { isPartnerAuthError } from '../../index.ts';
import { demoSettings } from '../demo/settings.ts';
import { runAgainstPartner } from '../demo/real-partner.ts';
import { renderReport } from '../demo/render.ts';
import type { PartnerReport } from '../demo/report.ts';
import { runAgainstSandbox } from '../demo/sandbox-tour.ts';
import { exitCodes } from '../exit-codes.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { errorJson } from '../terminal/error-text.ts';
import { note } from '../terminal/output.ts';

export const run: RunVerb = async (given) => {
  const settings = demoSettings(given);
  const json = given.has('json');
  const reports: PartnerReport[] = [];
  const show = (report: PartnerReport): void => {
    reports.push(report);
    if (!json) process.stdout.write(renderReport(report, process.stdout));
  };
  const print = (result: object): void => void process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  try {
    if (settings.baseUrl === undefined) await runAgainstSandbox(settings, show);
    else show(await runAgainstPartner(settings));
    if (json) print({ partners: reports });
    return exitCodes.success;
  } catch (error) {
    if (!isPartnerAuthError(error) && !(error instanceof TypeError)) throw error;
    if (json) print({ partners: reports, ...errorJson(error) });
    else note(error.message);
    return isPartnerAuthError(error) && error.code !== 'configuration' ? exitCodes.failure : exitCodes.usage;
  }
};
