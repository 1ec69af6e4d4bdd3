export { freshDatabase, type FreshDatabase } from './servers/database.ts';
