/**
 * Flags of Node for a process that keeps answering soon, whatever waits in it. Beside a backlog the defaults stopped a
 * suite for 10 to 20 ms several times a second (docs/performance.md):
 * - New objects get two halves of 16 MiB, not up to 64: what is still in use of them is copied in shorter steps. A fourth of
 *   that would be shorter still, but costs a tenth more of the processor under full load.
 *   https://nodejs.org/api/cli.html#--max-semi-space-sizesize-in-mib
 * - All of the heap is collected when it has grown by 200 % since the last time, not by about a third: what waits a while
 *   and is done becomes garbage that nothing else finds. The limit of the heap holds as before.
 */
export const heapFlags = ['--max-semi-space-size=16', '--heap-growing-percent=200'] as const;
