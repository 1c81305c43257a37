/**
 * `npm run test:servers`: runs the facts against the token servers of the development dependencies, and Directus, Strapi and
 * better-auth, which it installs into a folder outside the repository on first use: $PARTNER_AUTH_TEST_SERVERS, or else one of
 * the system's temporary files. Writes the table into core/partners/README.md.
 * `npm run test:servers -- NAME …`: only these; `--print`: prints only.
 */
import { parseArgs } from 'node:util';
import { checkFact, facts } from './facts.ts';
import { installedServers } from './installed-servers.ts';
import { oauthServers } from './oauth-servers.ts';
import { serverTable, writeServerTable, type Outcomes } from './report.ts';
import { runServer } from './run-server.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { print: { type: 'boolean', default: false } },
});
const all = [...oauthServers, ...installedServers];
const unknown = positionals.filter((name) => all.every((server) => server.name !== name));
if (unknown.length > 0) {
  console.error(`There is no server ${unknown.join(', ')}. The servers are ${all.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const chosen = all.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const failures: string[] = [];

async function tryServer(server: ServerUnderTest): Promise<Outcomes> {
  console.log(`${server.name} ${server.version}`);
  const outcomes = new Map<string, string>();
  await using running = await runServer(server);
  for (const fact of facts) {
    const missing = fact.without?.(server);
    try {
      outcomes.set(fact.title, missing ?? (await checkFact(fact, running)) ?? 'yes');
      console.log(`${missing === undefined ? '  ✔' : '  -'} ${fact.title}: ${outcomes.get(fact.title) ?? ''}`);
    } catch (error) {
      failures.push(`${server.name}: ${fact.title}`);
      console.log(`  ✖ ${fact.title}`);
      console.error(error);
    }
  }
  return outcomes;
}

const results: (readonly [ServerUnderTest, Outcomes])[] = [];
for (const server of chosen) {
  try {
    results.push([server, await tryServer(server)]);
  } catch (error) {
    failures.push(`${server.name} did not run`);
    console.error(error);
  }
}
const table = serverTable(results);
if (failures.length > 0) console.error(`\nFailed:\n${failures.join('\n')}`);
else if (values.print || chosen.length < all.length) console.log(`\n${table}`);
else await writeServerTable(table);
process.exitCode = failures.length === 0 ? 0 : 1;
