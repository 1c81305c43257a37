import { markdownTable } from '../helpers/markdown-table.ts';
import { storedReport } from '../helpers/stored-report.ts';
import { clients } from './clients.ts';

/** By the name of the client. */
export type ClientResults = Readonly<Record<string, { readonly version: string; readonly date: string }>>;

export const clientsReport = storedReport<ClientResults>('test/clients', (results) =>
  [
    '# Clients of the gateway',
    'Each client ran its file of [the document](../../core/gateway/README.md#clients) as it is, against a gateway in front of the sandbox, and the sandbox received the call decrypted. `npm run test:clients` writes this page; PHP, Go and Java run where the machine has them.',
    markdownTable(
      ['client', 'file', 'version', 'last run'],
      clients.map(({ name, file }) => {
        const { version = 'not run', date = '' } = results[name] ?? {};
        return [name, `\`${file}\``, version, date];
      }),
    ),
    '',
  ].join('\n\n'),
);
