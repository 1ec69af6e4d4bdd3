/**
 * Name of an event type: letters, digits, underscores and hyphens, separated by full stops (the Standard Webhooks
 * characters and the hyphen), at most 128 characters.
 */
export const isEventTypeName = (text: string): boolean =>
  text.length <= 128 && /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(text);
