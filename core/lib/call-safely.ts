/**
 * Calls code of the host program, such as a listener. An exception or a rejected promise of it ends here: neither reaches
 * the caller or becomes an unhandled rejection, which would end the process.
 *
 * @param onFailure called once if `call` throws or its promise rejects. Must not throw.
 */
export function callSafely(call: () => unknown, onFailure: () => void = () => undefined): void {
  try {
    const result = call();
    if ((typeof result === 'object' && result !== null) || typeof result === 'function') observe(result, onFailure);
  } catch {
    onFailure();
  }
}

function observe(result: object, onFailure: () => void): void {
  try {
    // A promise may have another `then` of its own. Without this one, its rejection would remain unhandled.
    void Promise.prototype.then.call(result, undefined, onFailure);
  } catch {
    // Not a promise. If it has a `then`, this calls it and catches what it throws, or what reading it throws.
    new Promise((resolve) => resolve(result)).catch(onFailure);
  }
}
