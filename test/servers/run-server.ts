import { temporaryFolder } from '../helpers/temporary-folder.ts';
import type { RunningServer } from './facts.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** Starts a server, with a folder that is removed when it ends. */
export async function runServer(server: ServerUnderTest): Promise<RunningServer & AsyncDisposable> {
  const folder = await temporaryFolder();
  const running = {
    server,
    process: await server.start(folder.path),
    async restart() {
      running.process = await server.start(folder.path);
    },
    async [Symbol.asyncDispose]() {
      await running.process[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
  return running;
}
