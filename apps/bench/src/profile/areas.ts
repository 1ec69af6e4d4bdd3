import type { Frame } from './cpu-profile.ts';

/** Pseudo-functions of V8 that are no code of anybody's. */
const runtime = new Map([
  ['(idle)', 'idle'],
  ['(garbage collector)', 'garbage collection'],
  ['(program)', 'node, native and outside JavaScript'],
  ['(root)', 'node, native and outside JavaScript'],
]);

export const idle = 'idle';

/** The workspace or package that a source file belongs to; undefined: Node's own, or native. */
const ownerOf = (url: string): string | undefined => {
  const [, packaged] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  if (packaged !== undefined) return packaged;
  const [, workspace] = /\/((?:apps|libs)\/[^/]+)\//.exec(url) ?? [];
  return workspace;
};

/** Whose time it is: Node's own code and native code count for who called them. */
export const areaOf = (frame: Frame): { area: string; isOwn: boolean } => {
  const special = runtime.get(frame.functionName);
  if (special !== undefined) return { area: special, isOwn: true };
  const own = ownerOf(frame.url);
  if (own !== undefined) return { area: own, isOwn: true };
  for (let caller = frame.caller; caller !== undefined; caller = caller.caller) {
    const owner = ownerOf(caller.url);
    if (owner !== undefined) return { area: owner, isOwn: false };
  }
  return { area: 'node, called by nobody else', isOwn: true };
};

type Known = readonly (readonly [string, RegExp])[];

/** Stages of the pipeline by whose code is on the stack. */
const byOwnCode: Known = [
  ['audit', /\/apps\/audit\//],
  ['plan and render', /\/apps\/dispatcher\/src\/(?:workers\/route|planning)/],
  ['deliver: sign, send, record', /\/apps\/dispatcher\//],
  ['accept', /\/apps\/(?:ingestion|gateway)\//],
  ['log: embedded', /\/libs\/messaging\/src\/embedded\//],
  ['log: Kafka', /\/libs\/messaging\/src\/kafka\//],
];

/** Where none of it is, because the event loop has called a library: by that library. */
const byLibrary: Known = [
  ['deliver: sign, send, record', /\/libs\/(?:egress|signing)\/|\/node_modules\/undici\//],
  ['accept', /\/libs\/rpc\/|\/node_modules\/(?:@grpc|fastify)\/|node:internal\/http2/],
  ['log: settlement, batching', /\/libs\/messaging\//],
  ['log: Kafka', /\/node_modules\/(?:kafkajs|@platformatic)\//],
  ['Postgres client: answers, commits, history, log together', /\/node_modules\/pg/],
];

/** The innermost of our own code decides; then the innermost library. */
export const stageOf = (frame: Frame): string => {
  const special = runtime.get(frame.functionName);
  if (special !== undefined) return special;
  for (const known of [byOwnCode, byLibrary]) {
    for (let at: Frame | undefined = frame; at !== undefined; at = at.caller) {
      const { url } = at;
      const [stage] = known.find(([, pattern]) => pattern.test(url)) ?? [];
      if (stage !== undefined) return stage;
    }
  }
  return 'node: sockets, timers, promises without a caller';
};
