export { makeAuthenticate, type AuthenticateOptions } from './authenticate.ts';
export {
  endpointChangeKey,
  openRegistryView,
  registryChangeKey,
  type RegistryView,
  type RegistryViewOptions,
} from './registry-view.ts';
