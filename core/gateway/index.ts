export { startGateway } from './start-gateway.ts';
export type { Gateway, GatewayOptions } from './start-gateway.ts';
export { gatewaySecret } from './secret.ts';
