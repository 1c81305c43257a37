export { fakeSession } from './fake-session.ts';
export type {
  FakeCall,
  FakeFailure,
  FakeFailures,
  FakeSession,
  FakeSessionOptions,
  FakeTokens,
} from './fake-session.ts';
export type { FakeResponse } from './fake-response.ts';
