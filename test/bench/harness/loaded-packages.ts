import { runNode } from './fresh-process.ts';

const hook = `
  import { registerHooks } from 'node:module';
  const names = new Set();
  registerHooks({ load(url, context, next) {
    const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)(?!.*node_modules)/.exec(url)?.[1];
    if (name !== undefined) names.add(name);
    return next(url, context);
  } });
  await import(process.argv[1]);
  const more = process.argv[2];
  if (more !== undefined) await (new Function('core', 'return (async () => {' + more + '})()'))(await import(process.argv[1]));
  console.log(JSON.stringify([...names].sort()));
`;

/**
 * The packages of `node_modules` that a fresh process has loaded after it imported `module`, and after it ran `program` with
 * the module as `core`.
 */
export async function loadedPackages(module: string, program?: string): Promise<string[]> {
  const more = program === undefined ? [] : [program];
  const output = await runNode(['--input-type=module', '--eval', hook, module, ...more]);
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as string[];
}
