import type { Migrations } from '@bellwire/persistence';
import { registryTables } from './0001-registry.ts';
import { hourlyLimit } from './0002-hourly-limit.ts';
import { payloadTemplate } from './0003-payload-template.ts';
import { tenantDelivery } from './0004-tenant-delivery.ts';
import { subjectSettings } from './0005-subject-settings.ts';
import { endpointCount } from './0006-endpoint-count.ts';

/** Of the schema registry, in order of name. */
export const migrations: Migrations = {
  '0001-registry': registryTables,
  '0002-hourly-limit': hourlyLimit,
  '0003-payload-template': payloadTemplate,
  '0004-tenant-delivery': tenantDelivery,
  '0005-subject-settings': subjectSettings,
  '0006-endpoint-count': endpointCount,
};
