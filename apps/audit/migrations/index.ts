import type { Migrations } from '@bellwire/persistence';
import { historyTables } from './0001-history.ts';
import { endpointSubject } from './0002-endpoint-subject.ts';
import { missing } from './0003-missing.ts';
import { putAside } from './0004-put-aside.ts';

/** Of the schema audit, in order of name. */
export const migrations: Migrations = {
  '0001-history': historyTables,
  '0002-endpoint-subject': endpointSubject,
  '0003-missing': missing,
  '0004-put-aside': putAside,
};
