import { fileStore, isPartnerAuthError, openSession, type SessionOptions } from '../../../core/index.ts';

// A program of its own: refreshes the session once and says how that went.
const { file, options } = JSON.parse(process.env.TASK ?? '') as { file: string; options: SessionOptions };
const session = await openSession({ ...options, store: fileStore(file) });
try {
  await session.refresh();
  console.log('refreshed');
} catch (error) {
  console.log(isPartnerAuthError(error) ? error.code : 'not one of ours');
} finally {
  await session.close();
}
