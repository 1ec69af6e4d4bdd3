// The requests of the document's HTTP examples, and the answers that it prints for them.

export const creation = {
  url: 'https://your-app.com/webhooks/contribux',
  events: [
    'opportunity.matched',
    'contribution.milestone',
    'contribution.completed',
    'achievement.earned',
    'repository.health_changed',
  ],
  active: true,
  secret: 'your_webhook_secret',
  filters: {
    min_match_score: 0.8,
    difficulty_levels: ['intermediate', 'advanced'],
    languages: ['JavaScript', 'Python'],
  },
};

export const created = {
  webhook_id: 'webhook_user_123',
  url: creation.url,
  events: creation.events,
  active: true,
  secret_configured: true,
  created_at: '2024-01-15T12:00:00Z',
  test_delivery: { status: 'success', response_time_ms: 145 },
};

export const listed = {
  webhooks: [
    {
      webhook_id: 'webhook_user_123',
      url: creation.url,
      events: ['opportunity.matched', 'contribution.completed'],
      active: true,
      created_at: '2024-01-15T12:00:00Z',
      last_delivery: '2024-01-20T10:30:00Z',
      stats: { total_deliveries: 47, successful_deliveries: 45, failed_deliveries: 2, success_rate: 0.957 },
    },
  ],
};

export const tested = {
  test_delivery_id: 'test_123',
  status: 'success',
  response_code: 200,
  response_time_ms: 145,
  payload_sent: {
    event: 'opportunity.matched',
    timestamp: '2024-01-20T16:00:00Z',
    user_id: 'user_123',
    data: { test: true },
  },
};

export const logged = {
  deliveries: [
    {
      delivery_id: 'del_123',
      event_type: 'opportunity.matched',
      delivered_at: '2024-01-20T10:30:00Z',
      status: 'success',
      response_code: 200,
      response_time_ms: 145,
      retry_count: 0,
    },
    {
      delivery_id: 'del_124',
      event_type: 'contribution.completed',
      delivered_at: '2024-01-20T11:00:00Z',
      status: 'failed',
      response_code: 500,
      response_time_ms: 5000,
      retry_count: 2,
      error_message: 'Connection timeout',
      next_retry: '2024-01-20T11:15:00Z',
    },
  ],
  stats: { total_deliveries: 47, success_rate: 0.957, average_response_time: 185 },
};
