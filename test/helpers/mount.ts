import { spawnSync } from 'node:child_process';

/** Mounts with the arguments of mount(8) until the end of the scope; undefined without the permission to mount. */
export function mount(...args: readonly string[]): Disposable | undefined {
  const target = args.at(-1) ?? '';
  if (spawnSync('mount', args).status !== 0) return undefined;
  return { [Symbol.dispose]: () => void spawnSync('umount', [target]) };
}
