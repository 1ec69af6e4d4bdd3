// The generator, a process of its own: publishes as it is told and answers what was accepted, and when.
import type { OutgoingEvent } from '@bellwire/client';
import { machineMs, sleep } from '../clock.ts';
import { answerQuestions } from '../helper-process.ts';
import { publishOrder, type PublishedEvent, type PublishOrder, type PublishReport } from './generator-protocol.ts';
import { payloadOf } from './payload.ts';
import { openPublisher, type Publisher } from './publishers.ts';

const keptFailures = 5;

/** Publishes events by their numbers, and notes what became of them. */
const publishInto = (report: PublishReport, publisher: Publisher, types: readonly string[]) => {
  const eventOf = (number: number): OutgoingEvent => ({
    type: types[number % types.length] ?? '',
    data: payloadOf(number),
  });
  return async (from: number, count: number, startedAtMs: number): Promise<void> => {
    const events = Array.from({ length: count }, (_, index) => eventOf(from + index));
    const results = await publisher.publish(events);
    const answeredAtMs = machineMs();
    for (const [index, result] of results.entries()) {
      const published: PublishedEvent = { type: events[index]?.type ?? '', startedAtMs, answeredAtMs };
      if (typeof result === 'string') published.id = result;
      else if (report.failures.length < keptFailures) report.failures.push(result.message);
      report.published.push(published);
    }
  };
};

type Publish = ReturnType<typeof publishInto>;

/** As fast as calls are answered, with as many in flight as the way of publishing has lanes. */
const publishAll = async (publisher: Publisher, events: number, publish: Publish): Promise<void> => {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < events) {
      const from = next;
      const count = Math.min(publisher.perCall, events - from);
      next += count;
      await publish(from, count, machineMs());
    }
  };
  await Promise.all(Array.from({ length: publisher.lanes }, lane));
};

/** One event a call, each at its time, whether or not those before are answered. */
const publishPaced = async (events: number, rate: number, publish: Publish): Promise<void> => {
  const calls: Promise<void>[] = [];
  const startsAt = machineMs() + 100;
  for (let number = 0; number < events; number++) {
    const dueAt = startsAt + (number * 1000) / rate;
    const waitMs = dueAt - machineMs();
    if (waitMs > 0) await sleep(waitMs);
    calls.push(publish(number, 1, dueAt));
  }
  await Promise.all(calls);
};

const run = async (order: PublishOrder): Promise<PublishReport> => {
  const report: PublishReport = { published: [], failures: [] };
  const publisher = openPublisher(order.mode, order);
  const publish = publishInto(report, publisher, order.types);
  if (order.ratePerSecond === undefined) await publishAll(publisher, order.events, publish);
  else await publishPaced(order.events, order.ratePerSecond, publish);
  await publisher.close();
  return report;
};

answerQuestions((asked) => run(publishOrder.parse(asked)));
