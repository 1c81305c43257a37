/** Of what core(5) lists, the headers of files only: no memory. */
const headersOnly = '0x10';

/**
 * Keeps secrets out of what is written when this process crashes: its environment out of the reports of Node, and on Linux
 * its memory, though not the registers of the processor, out of core dumps, as of the programs that it starts.
 */
export function protectCrashFiles(): void {
  // Node 22.12 has no such switch, and ignores it.
  process.report.excludeEnv = true;
  if (process.platform !== 'linux') return;
  try {
    // An import of this module evaluates what it would load lazily, which takes longer than printing a token.
    process.getBuiltinModule('node:fs').writeFileSync('/proc/self/coredump_filter', headersOnly);
  } catch {
    // A kernel without core dumps, or a sandbox that writes none.
  }
}
