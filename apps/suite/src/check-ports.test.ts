import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { checkPorts } from './check-ports.ts';
import { freePorts } from './free-ports.ts';

const host = '127.0.0.1';

describe('the check of ports', () => {
  test('passes those that are free, and 0, and leaves them free', async () => {
    const [one = 0, other = 0] = await freePorts(host, 2);
    await checkPorts(host, { ONE: one, OTHER: other, ANY: 0, ANY_OTHER: 0 });
    await checkPorts(host, { ONE: one, OTHER: other });
  });

  test('lists all that are taken, with what sets them', async () => {
    const [one = 0, free = 0, other = 0] = await freePorts(host, 3);
    const takers = await Promise.all(
      [one, other].map(async (port) => {
        const server = createServer();
        await new Promise<void>((resolve) => server.listen(port, host, resolve));
        return server;
      }),
    );
    const checked = checkPorts(host, { ONE: one, FREE: free, OTHER: other });
    await expect(checked).rejects.toThrow(
      `Ports of 127.0.0.1 that the cluster needs and cannot have:\n  ${one}  taken  (ONE)\n  ${other}  taken  (OTHER)\n`,
    );
    for (const server of takers) server.close();
  });

  test('finds one that is wanted twice', async () => {
    const [port = 0] = await freePorts(host, 1);
    await expect(checkPorts(host, { ONE: port, OTHER: port })).rejects.toThrow(`${port}  taken  (OTHER)`);
  });
});
