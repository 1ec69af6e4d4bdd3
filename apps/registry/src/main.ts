// Registry as a process of its own, on Kafka and Postgres.
import { runService } from '@bellwire/service';
import { composeRegistry } from './compose.ts';

await runService('registry', composeRegistry);
