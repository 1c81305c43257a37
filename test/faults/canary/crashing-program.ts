import { fileStore, openSession, type SessionOptions } from '../../../core/index.ts';

// A program that works with secrets and then dies in the way it is told, with everything it holds in its message.
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
const error = await session.login({ ...credentials, password: 'wrong' }).catch((failed: unknown) => failed);
console.log(session, error, process.title, JSON.stringify({ session, error }));
switch (end) {
  case 'throw':
    throw Object.assign(new Error('a bug of the program', { cause: error }), { session });
  case 'reject':
    void Promise.reject(new Error('a bug of the program', { cause: [session, error] }));
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
