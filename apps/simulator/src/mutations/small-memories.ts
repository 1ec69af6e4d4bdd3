import type { Edit } from './mutations.ts';

/** Making room for hundreds of thousands takes a process of the simulation longer than all its work. */
export const smallMemories: readonly Edit[] = [
  {
    file: 'apps/dispatcher/src/open-deliverer.ts',
    find: 'rememberedDeliveries = 200_000',
    replace: 'rememberedDeliveries = 2_000',
  },
  {
    file: 'apps/dispatcher/src/workers/repeated-events.ts',
    find: 'rememberedEvents = 100_000',
    replace: 'rememberedEvents = 1_000',
  },
  {
    file: 'apps/dispatcher/src/endpoints/endpoint-controls.ts',
    find: 'rememberedEndpoints = 50_000',
    replace: 'rememberedEndpoints = 500',
  },
  {
    file: 'apps/dispatcher/src/admission/endpoint-lines.ts',
    find: 'restingEndpoints = 20_000',
    replace: 'restingEndpoints = 500',
  },
  {
    file: 'apps/ingestion/src/keyed-memory.ts',
    find: 'max = 50_000',
    replace: 'max = 1_000',
  },
];
