export {
  openEmbeddedPostgres,
  stopLeftoverPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres.ts';
export { holdDataFolder, type HeldFolder } from './hold-data-folder.ts';
export { embeddedPostgresProblem } from './postgres/binaries.ts';
export { choosePostgres, type PostgresFacts, type PostgresSource } from './choose-postgres.ts';
