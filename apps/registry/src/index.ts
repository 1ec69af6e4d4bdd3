export { composeRegistry } from './compose.ts';
export { startRegistry, type RegistryDeps } from './start-registry.ts';
