// The requests and answers of the API as the document of RoleReady prints them.

export const requests = {
  read: `GET /api/webhooks/config
Authorization: Bearer <token>`,
  save: `POST /api/webhooks/config
Authorization: Bearer <token>
Content-Type: application/json

{
  "url": "https://your-app.com/webhooks",
  "enabled": true,
  "enabledEvents": [
    "resume.parsed",
    "ats.check_completed",
    "tailoring.completed"
  ]
}`,
  test: `POST /api/webhooks/test
Authorization: Bearer <token>`,
  logs: `GET /api/webhooks/logs?limit=50&offset=0&event=resume.parsed&success=true
Authorization: Bearer <token>`,
  stats: `GET /api/webhooks/stats
Authorization: Bearer <token>`,
  regenerate: `POST /api/webhooks/regenerate-secret
Authorization: Bearer <token>`,
  delete: `DELETE /api/webhooks/config
Authorization: Bearer <token>`,
};

export const responses = {
  read: `{
  "configured": true,
  "config": {
    "id": "clx...",
    "url": "https://your-app.com/webhooks",
    "enabled": true,
    "enabledEvents": [
      "resume.parsed",
      "ats.check_completed",
      "tailoring.completed"
    ],
    "createdAt": "2024-11-14T10:00:00Z",
    "updatedAt": "2024-11-14T10:00:00Z"
  },
  "availableEvents": [
    "resume.parsed",
    "resume.parse_failed",
    "ats.check_completed",
    "ats.check_failed",
    "tailoring.completed",
    "tailoring.failed",
    "operation.cancelled"
  ]
}`,
  save: `{
  "success": true,
  "config": {
    "id": "clx...",
    "url": "https://your-app.com/webhooks",
    "secret": "a1b2c3d4e5f6...",
    "enabled": true,
    "enabledEvents": ["resume.parsed", "ats.check_completed", "tailoring.completed"]
  },
  "message": "Webhook configuration saved successfully"
}`,
  testSucceeded: `{
  "success": true,
  "message": "Test webhook sent successfully",
  "statusCode": 200,
  "deliveryId": "550e8400-e29b-41d4-a716-446655440000"
}`,
  testFailed: `{
  "success": false,
  "error": "Failed to deliver test webhook",
  "details": "connect ECONNREFUSED 127.0.0.1:3000",
  "statusCode": null,
  "deliveryId": "550e8400-e29b-41d4-a716-446655440000"
}`,
  logs: `{
  "logs": [
    {
      "id": "clx...",
      "event": "resume.parsed",
      "url": "https://your-app.com/webhooks",
      "success": true,
      "statusCode": 200,
      "attempts": 1,
      "error": null,
      "deliveryId": "550e8400-e29b-41d4-a716-446655440000",
      "deliveredAt": "2024-11-14T10:05:00Z",
      "createdAt": "2024-11-14T10:05:00Z"
    }
  ],
  "pagination": {
    "total": 150,
    "limit": 50,
    "offset": 0,
    "hasMore": true
  }
}`,
  stats: `{
  "total": 150,
  "successful": 145,
  "failed": 5,
  "successRate": "96.67",
  "averageAttempts": "1.08",
  "byEvent": {
    "resume.parsed": {
      "total": 50,
      "successful": 49,
      "failed": 1
    },
    "ats.check_completed": {
      "total": 60,
      "successful": 58,
      "failed": 2
    },
    "tailoring.completed": {
      "total": 40,
      "successful": 38,
      "failed": 2
    }
  }
}`,
  regenerate: `{
  "success": true,
  "message": "Webhook secret regenerated successfully",
  "secret": "new_secret_here_a1b2c3d4e5f6..."
}`,
  delete: `{
  "success": true,
  "message": "Webhook configuration deleted successfully"
}`,
};
