export { addressVariable } from './address.ts';
export { findEditor } from './client.ts';
export type { Editor } from './client.ts';
export type { BorrowedSession, OfferedProfile, StreamOptions } from './protocol.ts';
export type { BrokerHost } from './serve.ts';
export { startBroker } from './server.ts';
export type { Broker } from './server.ts';
