import { randomBytes } from 'node:crypto';
import { freePort } from '../server-files.ts';
import type { KafkaNode } from './properties.ts';

/** 16 bytes in base64url; the first bits are zero, since an id that begins with a hyphen would be read as an option. */
export const newClusterId = (): string => {
  const bytes = randomBytes(16);
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  return bytes.toString('base64url');
};

/** So many brokers that replicate to each other: each is opened with one of these, all of them at once. */
export const planKafkaNodes = async (count: number): Promise<readonly KafkaNode[]> => {
  const clusterId = newClusterId();
  const controllerPorts = await Promise.all(Array.from({ length: count }, () => freePort()));
  return controllerPorts.map((_, index) => ({ id: index + 1, clusterId, controllerPorts }));
};
