/**
 * Flags of Node for a process that keeps answering soon, whatever waits in it. Beside a backlog the defaults stopped a
 * suite for 10 to 20 ms several times a second (docs/performance.md):
 * - New objects get 8 MiB, not up to 64, in MiB: what they leave behind is copied in steps of 3 ms.
 *   https://nodejs.org/api/cli.html#--max-semi-space-sizesize-in-mib
 * - All of the heap is collected when it has grown by 200 % since the last time, not by about a third: what waits a while
 *   and is done becomes garbage that nothing else finds. The limit of the heap holds as before.
 */
export const heapFlags = ['--max-semi-space-size=8', '--heap-growing-percent=200'] as const;
