// Ingestion as a process of its own, on Kafka and Postgres.
import { runService } from '@bellwire/service';
import { composeIngestion } from './compose.ts';

await runService('ingestion', composeIngestion);
