export { openDatabase, type Database, type DatabaseOptions } from './database.ts';
export { isDatabaseAway, toDatabaseFault, withDatabaseFaults } from './database-fault.ts';
export { migrate, type MigrateOptions, type Migrations } from './migrate.ts';
export { acrossTenants, inTenant, readTenant, tenantPolicySql } from './tenant.ts';
