/** Names and values as in Kafka's server.properties. */
export type KafkaSettings = Readonly<Record<string, string | number | boolean>>;

/** One of several brokers on this machine, each of which is a controller too. */
export interface KafkaNode {
  /** From 1. */
  id: number;
  clusterId: string;
  /** Of all of them, in the order of their ids. */
  controllerPorts: readonly number[];
}

export interface KafkaPlace {
  /** log.dirs. */
  data: string;
  port: number;
  node: KafkaNode;
}

/** Everything three times, and acknowledged when two have it; where there is one broker, once. */
const replicated = (nodes: number): KafkaSettings => {
  const replicas = Math.min(3, nodes);
  const fewest = Math.max(1, replicas - 1);
  return {
    'default.replication.factor': replicas,
    'min.insync.replicas': fewest,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': fewest,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': fewest,
  };
};

/**
 * A broker of one application on one machine: its own controller, no waiting for members that might still come. Short
 * sessions, so that a broker that was killed may come back at once.
 */
export const serverProperties = ({ data, port, node }: KafkaPlace, settings: KafkaSettings): string => {
  const controllerPort = node.controllerPorts[node.id - 1];
  const all: KafkaSettings = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': node.controllerPorts.map((at, index) => `${index + 1}@127.0.0.1:${at}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'CLIENT',
    listeners: `CLIENT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `CLIENT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': false,
    'offsets.topic.num.partitions': 4,
    ...replicated(node.controllerPorts.length),
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
