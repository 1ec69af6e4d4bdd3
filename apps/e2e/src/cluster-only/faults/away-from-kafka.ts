// Loaded into one process with --import: while the file named in AWAY_FROM_KAFKA_FILE says "away", its connections to the
// brokers break, old ones and new ones, and all its others stay.
import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';

const everyMs = 50;
const file = process.env['AWAY_FROM_KAFKA_FILE'] ?? '';
const ports = new Set(
  (process.env['BELLWIRE_KAFKA_BROKERS'] ?? '').split(',').map((at) => Number(at.split(':').at(-1))),
);
const toBrokers = new Set<Socket>();
let isAway = false;

const breakAll = (): void => {
  for (const socket of toBrokers) socket.destroy();
};

subscribe('net.client.socket', (message) => {
  if (typeof message !== 'object' || message === null || !('socket' in message)) return;
  const { socket } = message;
  if (!(socket instanceof Socket)) return;
  socket.once('connect', () => {
    if (!ports.has(socket.remotePort ?? 0)) return;
    toBrokers.add(socket);
    socket.once('close', () => toBrokers.delete(socket));
    if (isAway) breakAll();
  });
});

setInterval(() => {
  isAway = readFileSync(file, 'utf8') === 'away';
  if (isAway) breakAll();
}, everyMs).unref();
