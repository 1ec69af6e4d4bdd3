export { disablingThrough, historyOf } from './peers.ts';
export type { DisableEndpoint, History, Send } from './ports.ts';
export { startDispatcher, type DispatcherDeps } from './start-dispatcher.ts';
