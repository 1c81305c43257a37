import { fileStore, isPartnerAuthError, openSession, type SessionOptions } from '../../../core/index.ts';

// Refreshes the session once and prints the result, in a process of its own.
const { file, options } = JSON.parse(process.env.TASK ?? '') as { file: string; options: SessionOptions };
const session = await openSession({ ...options, store: fileStore(file) });
try {
  await session.refresh();
  console.log('refreshed');
} catch (error) {
  console.log(isPartnerAuthError(error) ? error.code : 'not a PartnerAuthError');
} finally {
  await session.close();
}
