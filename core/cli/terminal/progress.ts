/** In ms. Shorter waits are not worth a line that comes and goes. */
const delay = 1_000;

/** Shows on stderr what is being waited for, if it takes long and stderr is a terminal. */
export async function withProgress<T>(text: string, work: () => Promise<T>): Promise<T> {
  const { stderr } = process;
  if (!stderr.isTTY) return work();
  const line = { isShown: false };
  const timer = setTimeout(() => {
    line.isShown = true;
    stderr.write(`${text}…`);
  }, delay);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    if (line.isShown) stderr.write('\r\x1b[K');
  }
}
