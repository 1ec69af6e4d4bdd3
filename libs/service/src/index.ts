export { addressesFrom } from './addresses.ts';
export { channelsTo } from './channels.ts';
export { contextFor, openContext, type ContextParts, type ServiceContext, type ServiceName } from './context.ts';
export { settingsOrExit } from './settings-or-exit.ts';
export { openKafka, runService } from './run-service.ts';
