import { runNode } from './fresh-process.ts';

const program = `
  import { registerHooks } from 'node:module';
  const names = new Set();
  registerHooks({
    load(url, context, next) {
      const name = /.*node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url)?.[1];
      if (name !== undefined) names.add(name);
      return next(url, context);
    },
  });
  const before = new Set(process.moduleLoadList);
  const [, module, body = ''] = process.argv;
  const core = await import(module);
  await new Function('core', 'return (async () => {' + body + '})()')(core);
  for (const name of process.moduleLoadList) if (!before.has(name)) names.add(name.replace(/^NativeModule /, ''));
  console.log(JSON.stringify([...names]));
`;

/**
 * Imports `module` in a fresh process and runs `body` with it as `core`.
 *
 * @returns The packages of `node_modules` and the built-in modules of Node that were loaded.
 */
export async function loadedModules(module: string, body?: string): Promise<string[]> {
  const more = body === undefined ? [] : [body];
  const output = await runNode(['--input-type=module', '--eval', program, module, ...more]);
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as string[];
}
