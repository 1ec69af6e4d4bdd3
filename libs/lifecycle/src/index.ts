export { heapFlags } from './heap.ts';
export { openLogger, type Logger, type LoggerOptions } from './logger.ts';
export { runProcess, type RunOptions } from './run-process.ts';
export { openScope, type Closable, type Scope, type ScopeOptions } from './scope.ts';
