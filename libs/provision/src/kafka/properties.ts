/** Names and values as in Kafka's server.properties. */
export type KafkaSettings = Readonly<Record<string, string | number | boolean>>;

export interface KafkaPlace {
  /** log.dirs. */
  data: string;
  port: number;
  controllerPort: number;
}

/**
 * A broker of one application on one machine: its own controller, nothing replicated, no waiting for members that might
 * still come. Short sessions, so that a broker that was killed may come back at once.
 */
export const serverProperties = ({ data, port, controllerPort }: KafkaPlace, settings: KafkaSettings): string => {
  const all: KafkaSettings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'CLIENT',
    listeners: `CLIENT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `CLIENT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 500,
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 3000,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.index.size.max.bytes': 1024 * 1024,
    ...settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${String(value).replaceAll('\\', '\\\\')}\n`)
    .join('');
};

/** The word that says that the broker serves, in its log. */
export const startedWord = 'Kafka Server started';

/** Warnings, and the one line above. */
export const logProperties = `status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c{1})%n%throwable{short.message}
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.started.name = kafka.server.KafkaRaftServer
logger.started.level = info
`;
