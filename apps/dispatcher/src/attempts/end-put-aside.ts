import { DeliveryRecord } from '@bellwire/contracts';
import type { PutAside } from '@bellwire/messaging';
import type { EndpointStates } from '../endpoints/endpoint-states.ts';
import type { AttemptMemory } from './attempt-memory.ts';

export interface EndPutAsideDeps {
  memory: Pick<AttemptMemory, 'end'>;
  states: Pick<EndpointStates, 'noteEnd'>;
}

/**
 * Ends the round of a delivery whose letter is written, so that no restart forgets it: the log may hold the same step once
 * more, and that would fail, or end the process, all over again.
 */
export const makeEndPutAside =
  ({ memory, states }: EndPutAsideDeps) =>
  async ({ record }: PutAside): Promise<void> => {
    const delivery = DeliveryRecord.decode(record.value ?? new Uint8Array());
    if (delivery.cancel) return;
    const made = { ...delivery, attempt: delivery.attempt - 1 };
    memory.end(made);
    await states.noteEnd(made, delivery.deadlineAtMs);
  };
