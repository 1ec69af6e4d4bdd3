import { createRequire } from 'node:module';

/** What is used of kafkajs's ConsumerGroup (src/consumer/consumerGroup). */
interface ConsumerGroup {
  /** When the group heard of us last. */
  lastRequest: number;
}

interface ConsumerGroupClass {
  prototype: { heartbeat(this: ConsumerGroup, options: { interval: number }): Promise<void> };
}

let isMended = false;

/**
 * kafkajs 2.2.4 sends a heartbeat when the clock on the wall is an interval beyond the last one: while a clock that was set
 * back has not come there again, it would send none, and the group would take us for dead. What has been cannot lie ahead.
 */
export const withstandSetClock = (): void => {
  if (isMended) return;
  isMended = true;
  const Group: ConsumerGroupClass = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup');
  const { heartbeat } = Group.prototype;
  Group.prototype.heartbeat = function mended(this: ConsumerGroup, options): Promise<void> {
    this.lastRequest = Math.min(this.lastRequest, Date.now());
    return heartbeat.call(this, options);
  };
};
