#!/usr/bin/env node
import { isPartnerAuthError } from '../index.ts';
import { plainLine } from '../profiles/index.ts';
import { readArguments, usage, type Settings } from './arguments.ts';
import { runAgainstPartner } from './real-partner.ts';
import { runAgainstSandbox } from './sandbox-tour.ts';
import { renderReport } from './render.ts';
import type { PartnerReport } from './report.ts';

// The reader of a pipe may close it early (`npm start | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/** Exit codes: 0 success, 1 a refusal by the partner or a network failure, 2 a missing or invalid setting. */
async function main(): Promise<number> {
  const parsed = readArguments(process.argv.slice(2));
  switch (parsed.kind) {
    case 'problem':
      process.stderr.write(`${parsed.problem}\n\n${usage}`);
      return 2;
    case 'settings':
      return run(parsed.settings);
  }
}

async function run(settings: Settings): Promise<number> {
  const { json, help, baseUrl } = settings;
  if (help) {
    process.stdout.write(usage);
    return 0;
  }
  const reports: PartnerReport[] = [];
  const show = (report: PartnerReport): void => {
    reports.push(report);
    if (!json) process.stdout.write(renderReport(report, process.stdout));
  };
  try {
    if (baseUrl === undefined) await runAgainstSandbox(settings, show);
    else show(await runAgainstPartner(settings));
    if (json) process.stdout.write(`${JSON.stringify({ partners: reports }, undefined, 2)}\n`);
    return 0;
  } catch (error) {
    if (!isPartnerAuthError(error) && !(error instanceof TypeError)) throw error;
    if (json) process.stdout.write(`${JSON.stringify({ partners: reports, error: toJson(error) }, undefined, 2)}\n`);
    else process.stderr.write(`${plainLine(error.message, 600)}\n`);
    return isPartnerAuthError(error) && error.code !== 'configuration' ? 1 : 2;
  }
}

function toJson(error: Error): object {
  return isPartnerAuthError(error) ? error.toJSON() : { name: error.name, message: error.message };
}

process.exitCode = await main();
