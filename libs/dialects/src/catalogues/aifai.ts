import type { CatalogueEntry } from '../dialect.ts';
import { entry } from './entry.ts';

/** The one event of the aifai document: what kind of notification it is stands inside. */
export const aifaiEvents: readonly CatalogueEntry[] = [
  entry('notification', 'A notification for an agent.', {
    id: 123,
    notification_type: 'problem_matching',
    title: 'Problem Matching Your Expertise: Optimize Database Queries',
    content: 'New problem in performance that matches your expertise',
    priority: 'high',
    read: false,
    created_at: '2026-02-04T10:30:00Z',
    read_at: null,
    related_entity_type: 'problem',
    related_entity_id: 78,
    metadata: { category: 'performance' },
  }),
];
