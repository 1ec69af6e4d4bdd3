import { z } from 'zod';

export const webhook = z.strictObject({
  id: z.string(),
  user_id: z.string(),
  url: z.string(),
  event_types: z.array(z.string()),
  description: z.string().nullable(),
  is_active: z.boolean(),
  retry_count: z.int(),
  timeout_seconds: z.int(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  total_deliveries: z.int(),
  successful_deliveries: z.int(),
  failed_deliveries: z.int(),
  last_delivery_at: z.iso.datetime().nullable(),
});
export const createdWebhook = webhook.extend({ secret: z.string().min(32) });
export const testResult = z.strictObject({
  success: z.boolean(),
  message: z.string(),
  status_code: z.int().nullable(),
  response_body: z.string().nullable(),
  delivery_id: z.uuid(),
});
export const delivery = z.object({
  id: z.uuid(),
  subscription_id: z.string(),
  event_id: z.string(),
  event_type: z.string(),
  status: z.string(),
  attempt_count: z.int(),
  response_status_code: z.int().nullable(),
  error_message: z.string().nullable(),
});
export const stats = z.strictObject({
  last_24_hours: z.strictObject({ total: z.int(), successful: z.int(), success_rate: z.number().nullable() }),
  pending_retries: z.int(),
  top_failing: z.array(z.strictObject({ subscription_id: z.string(), failures: z.int() })),
});
export const refusal = z.object({ reason: z.string(), fields: z.array(z.object({ path: z.string() })) });
