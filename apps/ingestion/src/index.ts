export { composeIngestion } from './compose.ts';
export { startIngestion, type IngestionDeps } from './start-ingestion.ts';
