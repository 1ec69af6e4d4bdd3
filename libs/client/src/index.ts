export { BellwireError, type FieldProblem } from './bellwire-error.ts';
export {
  connectBellwire,
  type BatchResult,
  type BellwireClient,
  type CallOptions,
  type ConnectOptions,
  type Published,
} from './connect.ts';
export type { EventStream } from './event-stream.ts';
export type { OutgoingEvent } from './outgoing-event.ts';
