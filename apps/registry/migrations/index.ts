import type { Migrations } from '@bellwire/persistence';
import { registryTables } from './0001-registry.ts';

/** Of the schema registry, in order of name. */
export const migrations: Migrations = { '0001-registry': registryTables };
