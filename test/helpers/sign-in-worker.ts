import { parentPort, workerData } from 'node:worker_threads';
import { fileStore, openSession, type Credentials, type SessionOptions } from '../../core/index.ts';

/** The task of a process or thread that ensures that its session is signed in. */
export interface SignInTask {
  readonly options: SessionOptions;
  readonly credentials: Credentials;
  readonly file: string;
  readonly callers: number;
}

/** `ready`, then the access token that all callers got, or an error. */
export type SignInReport = string;

const task = (parentPort === null ? JSON.parse(process.argv[2] ?? '') : workerData) as SignInTask;
const send = (report: SignInReport): void =>
  parentPort === null ? void process.send?.(report) : parentPort.postMessage(report);

const session = await openSession({ ...task.options, store: fileStore(task.file) });
(parentPort ?? process).once('message', () => {
  void work().finally(() => (parentPort === null ? process.disconnect() : parentPort.close()));
});
send('ready');

async function work(): Promise<void> {
  try {
    await Promise.all(Array.from({ length: task.callers }, () => session.ensureSignedIn(task.credentials)));
    send(await session.accessToken());
  } catch (error) {
    send(String(error));
  } finally {
    await session.close();
  }
}
