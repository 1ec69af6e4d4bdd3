// Dispatcher as a process of its own, on Kafka and Postgres.
import { runService } from '@bellwire/service';
import { composeDispatcher } from './compose.ts';

await runService('dispatcher', composeDispatcher);
