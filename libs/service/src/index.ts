export { addressesFrom } from './addresses.ts';
export { channelsTo } from './channels.ts';
export { contextFor, openContext, type ContextParts, type ServiceContext } from './context.ts';
export { logPutAside } from './log-put-aside.ts';
export { settingsOrExit } from './settings-or-exit.ts';
export { openKafka, runService } from './run-service.ts';
export type { ServiceName } from './service-name.ts';
export { makeTellDropped } from './tell-dropped.ts';
export { topicsFrom } from './topics-from.ts';
