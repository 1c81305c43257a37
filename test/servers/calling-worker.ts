import { fileStore, openSession, type SessionOptions } from '../../core/index.ts';

/** The task of a process that makes protected calls, one after another, until it receives a message. */
export interface CallingTask {
  readonly options: SessionOptions;
  readonly file: string;
  readonly path: string;
}

export interface CallingReport {
  readonly calls: number;
  /** One line for each call that failed. */
  readonly failures: readonly string[];
}

const { options, file, path } = JSON.parse(process.argv[2] ?? '') as CallingTask;
const stop = new AbortController();
process.once('message', () => stop.abort());

let calls = 0;
const failures: string[] = [];
const session = await openSession({ ...options, store: fileStore(file) });
while (!stop.signal.aborted) {
  calls++;
  const outcome = await session.request(path).catch((error: unknown) => String(error));
  if (typeof outcome === 'string') failures.push(outcome);
  else if (outcome.status !== 200) failures.push(`HTTP ${outcome.status}`);
}
await session.close();
process.send?.({ calls, failures } satisfies CallingReport, () => process.disconnect());
