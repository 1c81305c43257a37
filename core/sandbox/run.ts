import process from 'node:process';
import { readArguments, runSandbox } from './program.ts';
import { usage } from './run-arguments.ts';

const parsed = await readArguments(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = 2;
});
if (parsed !== undefined) {
  await runSandbox(parsed).catch((error: unknown) => {
    console.error(`The sandbox could not start: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
}
