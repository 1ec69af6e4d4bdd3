import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLocalKafka, type LocalKafka } from '@bellwire/provision';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually, join, spec } from '../conformance/describe-log.ts';
import type { KafkaSasl } from './client.ts';
import { openKafkaLog } from './kafka-log.ts';

const dataDir = mkdtempSync(path.join(tmpdir(), 'bellwire-kafka-'));
const store = path.join(dataDir, 'broker.p12');
const certificate = path.join(dataDir, 'broker.pem');
const [username, password] = ['ada', 'only-for-this-test'];
const login = (module: string, rest = '') =>
  `org.apache.kafka.common.security.${module} required username="${username}" password="${password}"${rest};`;
let kafka: LocalKafka | undefined;

const keytool = (...args: readonly string[]): void =>
  void execFileSync('keytool', [...args, '-alias', 'broker', '-keystore', store, '-storepass', password], {
    stdio: 'pipe',
  });

beforeAll(async () => {
  const name = ['-dname', 'CN=localhost', '-ext', 'SAN=ip:127.0.0.1'];
  keytool('-genkeypair', '-keyalg', 'EC', '-validity', '2', '-storetype', 'PKCS12', ...name);
  keytool('-exportcert', '-rfc', '-file', certificate);
  kafka = await openLocalKafka({
    dataDir,
    scramUser: { name: username, password },
    settings: {
      'listener.security.protocol.map': 'CLIENT:SASL_SSL,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.client.plain.sasl.jaas.config': login('plain.PlainLoginModule', ` user_${username}="${password}"`),
      'listener.name.client.scram-sha-256.sasl.jaas.config': login('scram.ScramLoginModule'),
      'listener.name.client.scram-sha-512.sasl.jaas.config': login('scram.ScramLoginModule'),
      'ssl.keystore.location': store,
      'ssl.keystore.password': password,
      'ssl.keystore.type': 'PKCS12',
      // It speaks to itself, and checks at the start that it would be believed.
      'ssl.truststore.location': certificate,
      'ssl.truststore.type': 'PEM',
    },
  });
});
afterAll(async () => {
  await kafka?.close();
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

const open = (sasl: KafkaSasl, tls: boolean | { ca: string }) =>
  openKafkaLog({ brokers: kafka?.brokers ?? [], clientId: 'secure', prefix: `${sasl.mechanism}.`, sasl, tls });

test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('speaks TLS and %s', async (mechanism) => {
  const log = await open({ mechanism, username, password }, { ca: readFileSync(certificate, 'utf8') });
  await log.topics([spec('t', 1)]);
  const member = await join(log, 'g', ['t']);
  await log.produce([{ topic: 't', key: 'k', value: Buffer.from('v') }]);
  await eventually(() => member.records.length === 1);
  await log.close();
});

test('a wrong password, or a broker that nobody vouches for, is a fault', async () => {
  const wrong = { mechanism: 'scram-sha-512', username, password: 'guess' } as const;
  const ca = readFileSync(certificate, 'utf8');
  await expect(open(wrong, { ca })).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
  await expect(open({ ...wrong, password }, true)).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
});
