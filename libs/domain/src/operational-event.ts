/** Before the types of events that Bellwire itself emits: nobody else publishes them. */
export const operationalPrefix = 'bellwire.';

/** Events that tell a tenant about its own endpoints and deliveries; docs/operational-events.md shows each. */
export const operationalTypes = {
  endpointFailing: 'bellwire.endpoint.failing',
  endpointDisabled: 'bellwire.endpoint.disabled',
  deliveryDeadLettered: 'bellwire.delivery.dead_lettered',
  deliveryRecovered: 'bellwire.delivery.recovered',
} as const;

export type OperationalType = (typeof operationalTypes)[keyof typeof operationalTypes];

/** Whether a type, or a pattern of types such as `bellwire.*`, is about events that Bellwire itself emits. */
export const isOperational = (eventType: string): boolean => eventType.startsWith(operationalPrefix);
