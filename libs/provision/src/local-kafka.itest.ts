import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { kafkaJars } from './kafka/jars.ts';
import { openLocalKafka, stopLeftoverKafka } from './index.ts';

let dataDir: string;
let said: string[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'bellwire-kafka-'));
  said = [];
});
afterEach(async () => {
  await stopLeftoverKafka(dataDir);
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

const open = (port?: number) => openLocalKafka({ dataDir, port, log: (sentence) => said.push(sentence) });

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });

describe('a local Kafka', () => {
  test('killed with -9 comes back on the same folder and port', async () => {
    const first = await open();
    expect(await listens(first.port)).toBe(true);
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    expect(await listens(first.port)).toBe(false);
    const second = await open(first.port);
    expect(second.brokers).toEqual(first.brokers);
    await expect(open()).rejects.toThrow(`is in use by process ${process.pid}`);
    await second.close();
    await second.close();
    await first.close();
    expect(await listens(first.port)).toBe(false);
    expect(said).toEqual([expect.stringContaining('ended by itself')]);
  });

  test('left running by a killed process is stopped', async () => {
    const module = path.join(import.meta.dirname, 'index.ts');
    const code = `const { openLocalKafka } = await import(${JSON.stringify(module)});
      const kafka = await openLocalKafka({ dataDir: ${JSON.stringify(dataDir)} }); console.log(kafka.port);`;
    const args = ['--input-type=module', '-e', code];
    const child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await listens(Number(line))).toBe(true);
    await stopLeftoverKafka(dataDir);
    expect(await listens(Number(line))).toBe(false);
  });

  test('says what Kafka says where it does not start', async () => {
    await expect(openLocalKafka({ dataDir, settings: { 'num.io.threads': 0 } })).rejects.toThrow(/num\.io\.threads/);
  });
});

describe("Kafka's jars", () => {
  const withMaven = (script: string) => {
    const bin = path.join(dataDir, 'bin');
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'mvn'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { cacheDir: path.join(dataDir, 'cache'), environment: { PATH: `${bin}:/usr/bin:/bin` } };
  };

  test('are fetched once, however many ask at the same time', async () => {
    const options = withMaven('echo run >> ../../runs; sleep 0.3; touch kafka.jar');
    const folders = await Promise.all(Array.from({ length: 5 }, () => kafkaJars(options)));
    expect(new Set(folders).size).toBe(1);
    expect(existsSync(path.join(folders[0] ?? '', 'kafka.jar'))).toBe(true);
    expect(readFileSync(path.join(dataDir, 'runs'), 'utf8')).toBe('run\n');
    expect(readdirSync(options.cacheDir).filter((name) => name.startsWith('kafka.new'))).toEqual([]);
  });

  test('that Maven cannot fetch are a sentence, and the next try begins afresh', async () => {
    const options = withMaven('echo "[ERROR] Could not transfer artifact"; exit 1');
    await expect(kafkaJars(options)).rejects.toThrow(
      /^Maven could not fetch Apache Kafka [\d.]+ \(1\): Could not transfer artifact$/,
    );
    await expect(kafkaJars(options)).rejects.toThrow('Could not transfer artifact');
  });
});
