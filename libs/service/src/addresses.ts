import type { Settings } from '@bellwire/config';
import type { ServiceName } from './service-name.ts';

/** Where the settings say that a service is: its address, or its port on this host. */
export const addressesFrom =
  (settings: Settings) =>
  (service: ServiceName): string => {
    const host = settings.BELLWIRE_HOST;
    switch (service) {
      case 'registry':
        return settings.BELLWIRE_REGISTRY_ADDRESS ?? `${host}:${settings.BELLWIRE_REGISTRY_PORT}`;
      case 'ingestion':
        return settings.BELLWIRE_INGESTION_ADDRESS ?? `${host}:${settings.BELLWIRE_INGESTION_PORT}`;
      case 'dispatcher':
        return settings.BELLWIRE_DISPATCHER_ADDRESS ?? `${host}:${settings.BELLWIRE_DISPATCHER_PORT}`;
      case 'audit':
        return settings.BELLWIRE_AUDIT_ADDRESS ?? `${host}:${settings.BELLWIRE_AUDIT_PORT}`;
    }
  };
