/** The one event type of the document; its data is the notification. */
export const notificationType = 'notification';
