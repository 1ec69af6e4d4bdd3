export { composeIngestion } from './compose.ts';
export { startIngestion, type IngestionDeps } from './start-ingestion.ts';
export type { AcceptEvents } from './accept-events.ts';
export type { Accepted } from './identify-events.ts';
export { openAcceptance, type AcceptanceDeps } from './open-acceptance.ts';
export type { Reservation, Reservations, Reserved } from './ports.ts';
