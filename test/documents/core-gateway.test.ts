import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { errorCodes } from '../../core/lib/errors.ts';
import { startSandbox } from '../../core/sandbox/index.ts';
import { clients, document } from '../clients/clients.ts';
import { clientsReport } from '../clients/report.ts';
import { bizmailEnv, readDocument, tconnectEnv, testDocument } from '../helpers/documents.ts';
import { listen } from '../helpers/raw-partner.ts';
import { root } from '../helpers/tarball.ts';

const path = 'core/gateway/README.md';

/** `npm run test:clients` runs these. */
const runByClients = Object.fromEntries(
  clients.map(({ name, file }) => [
    file,
    async () => assert.ok(name in (await clientsReport.read()), `${name} was never run`),
  ]),
);

testDocument(path, {
  async start({ run }) {
    await using sandbox = await startSandbox();
    const { stdout } = await run({ env: tconnectEnv(sandbox) });
    assert.match(stdout, /^200 \{\n {2}transactions: \[/);
    assert.equal(sandbox.journal.at(-1)?.status, 200);
  },

  async 'fixed-address'({ run, folder }) {
    await using sandbox = await startSandbox();
    const server = createServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const env = { ...bizmailEnv(sandbox), GATEWAY_PORT: String(port) };
    assert.equal((await run({ env })).stdout, `http://127.0.0.1:${port}\n`);
    assert.match(await readFile(join(folder, 'gateway-secret'), 'utf8'), /^[\w-]{43}\n$/);
  },

  ...runByClients,
});

describe(path, () => {
  it('is the document of the clients', () => assert.equal(document, path));

  it('names every code of an error', () => {
    const text = readDocument(path);
    for (const code of [...errorCodes, 'invalidRequest', 'forbidden', 'bodyTooLarge', 'unsupportedBody'])
      assert.ok(text.includes(`\`${code}\``), code);
  });

  it('has a page of versions that results.json renders (npm run test:clients writes it)', async () => {
    const page = await readFile(join(root, 'test/clients/README.md'), 'utf8');
    assert.equal(page, await clientsReport.render(await clientsReport.read()));
  });
});
