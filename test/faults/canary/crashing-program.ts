import { fileStore, openSession, type SessionOptions } from '../../../core/index.ts';

// Works with secrets and then ends in the way that `end` says, with all that it holds in its error.
let input = '';
for await (const chunk of process.stdin) input += String(chunk);
const { options, credentials, file, end } = JSON.parse(input) as {
  options: SessionOptions;
  credentials: Record<string, string>;
  file: string;
  end: 'throw' | 'reject' | 'fatal' | 'signal' | 'exit';
};
const session = await openSession({ ...options, store: fileStore(file), logger: console });
await session.login(credentials);
await session.refresh();
session.on('change', (status) => console.log(status));
const error = await session.login({ ...credentials, password: 'wrong' }).catch((reason: unknown) => reason);
console.log(session, error, process.title, JSON.stringify({ session, error }));
switch (end) {
  case 'throw':
    throw Object.assign(new Error('A bug in the program.', { cause: error }), { session });
  case 'reject':
    void Promise.reject(new Error('A bug in the program.', { cause: [session, error] }));
    break;
  case 'fatal':
    process.report.writeReport();
    process.abort();
    break;
  case 'signal':
    console.log('waiting');
    setInterval(() => undefined, 1_000);
    break;
  case 'exit':
    await session.close();
}
