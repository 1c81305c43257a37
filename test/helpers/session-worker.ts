import { fileStore, openSession, type Credentials, type SessionOptions } from '../../core/index.ts';

/** The task of a worker process. Each process represents one program that uses the session. */
export interface WorkerTask {
  readonly options: SessionOptions;
  readonly file: string;
  readonly calls: number;
  /** What the option `credentials` returns. */
  readonly credentials?: Credentials;
}

export type WorkerReport = { readonly ready: true } | { readonly tokens: string[] } | { readonly error: string };

const task = JSON.parse(process.argv[2] ?? '') as WorkerTask;
const send = (report: WorkerReport): void => void process.send?.(report);

const { options, file, credentials } = task;
const session = await openSession({
  ...options,
  store: fileStore(file),
  ...(credentials !== undefined && { credentials: () => credentials }),
});
send({ ready: true });
process.once('message', () => {
  void work().finally(() => process.disconnect());
});

async function work(): Promise<void> {
  try {
    const tokens = await Promise.all(Array.from({ length: task.calls }, () => session.accessToken()));
    send({ tokens: [...new Set(tokens)] });
  } catch (error) {
    send({ error: String(error) });
  } finally {
    await session.close();
  }
}
