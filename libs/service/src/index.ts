export { contextFor, openContext, type ContextParts, type ServiceContext, type ServiceName } from './context.ts';
