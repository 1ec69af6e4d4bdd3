import { randomBytes } from 'node:crypto';
import { describeLog } from '../conformance/describe-log.ts';
import { openKafkaLog } from './kafka-log.ts';
import { testBrokers } from './test-brokers.ts';

describeLog(
  'kafka',
  async () => {
    const prefix = `t${randomBytes(6).toString('hex')}.`;
    const open = () => openKafkaLog({ brokers: testBrokers(), clientId: 'conformance', prefix });
    return { open, openAnother: open, dispose: async () => undefined };
  },
  { groups: true },
);
