import type { Logger } from './logger.ts';

/** Anything that must be closed. */
export interface Closable {
  close(): Promise<void> | void;
  /** Of its own, in milliseconds. @default the scope's */
  readonly closeTimeoutMs?: number;
}

/** Owns what a process or a service has opened, and closes it in reverse order. */
export interface Scope {
  /** Registers what `name` has opened; answers it, so that opening and owning is one line. */
  own<Resource extends Closable>(name: string, resource: Resource): Resource;
  /** The process ends by a failure. */
  fail(): void;
  /** So what is closed now leaves no word that all was well. */
  hasFailed(): boolean;
  /** Closes everything once, newest first, each within the time limit; a second call answers the same promise. */
  close(): Promise<void>;
}

export interface ScopeOptions {
  log: Logger;
  /** For each resource. @default 15000 */
  closeTimeoutMs?: number;
}

const withinLimit = async (closing: Promise<void>, limitMs: number): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([closing.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
};

export const openScope = ({ log, closeTimeoutMs = 15_000 }: ScopeOptions): Scope => {
  const owned: { name: string; resource: Closable }[] = [];
  let closing: Promise<void> | undefined;
  let failed = false;

  const closeAll = async (): Promise<void> => {
    for (const { name, resource } of owned.toReversed()) {
      try {
        const limitMs = resource.closeTimeoutMs ?? closeTimeoutMs;
        const inTime = await withinLimit(Promise.resolve(resource.close()), limitMs);
        if (!inTime) log.error({ resource: name, limit_ms: limitMs }, 'close.overran');
      } catch (error) {
        log.error({ resource: name, err: error }, 'close.failed');
      }
    }
  };

  return {
    own: (name, resource) => {
      owned.push({ name, resource });
      return resource;
    },
    fail: () => void (failed = true),
    hasFailed: () => failed,
    close: () => (closing ??= closeAll()),
  };
};
