type Environment = Readonly<NodeJS.ProcessEnv>;

/** Whether nobody has said what receivers may be: then this machine may, for it is where somebody tries the suite out. */
export const opensLoopback = (environment: Environment): boolean =>
  environment['BELLWIRE_EGRESS_ALLOW_CIDRS'] === undefined && environment['BELLWIRE_EGRESS_ALLOW_HTTP'] === undefined;

/** The environment, with the loopback and plain http allowed where nobody has said otherwise. */
export const withLoopback = (environment: Environment): NodeJS.ProcessEnv =>
  opensLoopback(environment)
    ? { ...environment, BELLWIRE_EGRESS_ALLOW_CIDRS: '127.0.0.0/8,::1/128', BELLWIRE_EGRESS_ALLOW_HTTP: 'true' }
    : { ...environment };
