export { freshDatabase, type FreshDatabase } from './servers/database.ts';
export {
  startReceiver,
  type ReceivedRequest,
  type Receiver,
  type ReceiverOptions,
  type Script,
} from './receiver/receiver.ts';
export type { Answer } from './receiver/answers.ts';
export {
  documentReceiver,
  printedSecret,
  type DocumentReceiver,
  type DocumentRequest,
} from './receiver/document-receiver.ts';
