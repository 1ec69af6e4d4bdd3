import type { CatalogueEntry } from '../dialect.ts';
import { entry } from './entry.ts';

/** The 17 events of the notely document. It gives the data of one only; the others have no example. */
export const notelyEvents: readonly CatalogueEntry[] = [
  entry('email.received', 'Email received and indexed.', {
    subject: 'Meeting Reminder',
    from: 'john@example.com',
    to: ['me@example.com'],
    date: '2024-01-15T10:00:00Z',
  }),
  entry('email.sent', 'Email sent successfully.'),
  entry('email.indexed', 'Email indexed in vector DB.'),
  entry('calendar.event.created', 'Event created.'),
  entry('calendar.event.updated', 'Event updated.'),
  entry('calendar.event.deleted', 'Event deleted.'),
  entry('task.created', 'Task created.'),
  entry('task.updated', 'Task updated.'),
  entry('task.completed', 'Task completed.'),
  entry('task.deleted', 'Task deleted.'),
  entry('indexing.started', 'Indexing started.'),
  entry('indexing.completed', 'Indexing completed.'),
  entry('indexing.failed', 'Indexing failed.'),
  entry('user.created', 'User account created.'),
  entry('user.settings.updated', 'Settings updated.'),
  entry('export.completed', 'Data export completed.'),
  entry('sync.completed', 'Sync completed.'),
];
