// Audit as a process of its own, on Kafka and Postgres.
import { runService } from '@bellwire/service';
import { composeAudit } from './compose.ts';

await runService('audit', composeAudit);
