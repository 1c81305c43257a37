import { after, before, describe, it } from 'node:test';
import { checkFact, facts, type RunningServer } from './facts.ts';
import { oauthServers } from './oauth-servers.ts';
import { runServer } from './run-server.ts';

describe('token servers that others wrote', { concurrency: true }, () => {
  for (const server of oauthServers) {
    describe(server.name, { concurrency: false }, () => {
      const stack = new AsyncDisposableStack();
      let running: RunningServer;
      before(async () => {
        running = stack.use(await runServer(server));
      });
      after(() => stack.disposeAsync());

      for (const fact of facts.filter(({ without }) => without?.(server) === undefined))
        it(fact.title, async () => {
          await checkFact(fact, running);
        });
    });
  }
});
