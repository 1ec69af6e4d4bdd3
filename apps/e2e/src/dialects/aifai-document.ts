// What the document of AIFAI prints: its requests, and what its receivers are to get.

export const list = '/api/v1/notifications/';
export const check = '/api/v1/notifications/check';

/** As it is printed, with the key to be put in. */
export const request = `PUT /api/v1/notifications/preferences/
Authorization: Bearer {api_key}

{
  "enable_webhook": true,
  "webhook_url": "https://your-endpoint.com/webhooks/aifai"
}`;

/** The arguments of its calls of update_notification_preferences, as JSON; a host where it prints the place of one. */
export const updates: readonly Record<string, unknown>[] = [
  { enable_webhook: true, webhook_url: 'https://your-endpoint.com/webhooks/aifai' },
  { quiet_hours_start: 22, quiet_hours_end: 6 },
  { max_notifications_per_hour: 10 },
  { enable_webhook: true, webhook_url: 'https://abc123.ngrok.io/webhooks/aifai' },
  { enable_webhook: true, webhook_url: 'https://your-request-bin.example.com' },
];

export const payload = {
  event: 'notification',
  notification: {
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
  },
  timestamp: '2026-02-04T10:30:00Z',
  platform: 'aifai',
};
