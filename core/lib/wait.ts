/** Resolves after `delay` ms. Loads nothing, as `node:timers/promises` would. */
export function wait(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}
