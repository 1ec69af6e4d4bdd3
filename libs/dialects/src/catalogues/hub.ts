import type { CatalogueEntry } from '../dialect.ts';
import { entry } from './entry.ts';

/** The events of the hub document, with its example payloads. */
export const hubEvents: readonly CatalogueEntry[] = [
  entry('task.created', 'Task is created.', { taskId: '123', title: 'New Task' }),
  entry('task.updated', 'Task is modified.', { taskId: '123', changes: ['status'] }),
  entry('task.completed', 'Task is marked complete.', { taskId: '123', completedAt: '...' }),
  entry('task.deleted', 'Task is deleted.', { taskId: '123' }),
  entry('system.maintenance', 'Scheduled maintenance.', { startTime: '...', duration: 3600 }),
  entry('system.error', 'System-level error.', { code: 'DB_ERROR', severity: 'high' }),
];
