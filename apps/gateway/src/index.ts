export { composeGateway } from './compose.ts';
export type { Services } from './app.ts';
export type { Readiness } from './routes/health.ts';
export { startGateway, type GatewayDeps } from './start-gateway.ts';
