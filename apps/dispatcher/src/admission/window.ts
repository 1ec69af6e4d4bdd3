const mebibyte = 1024 * 1024;

/** What of one partition of deliveries is in hand at most, and of all of them: records that are not settled. */
export const deliveriesWindow = { records: 2000, bytes: 4 * mebibyte, totalBytes: 64 * mebibyte };

/** One endpoint may have so much of it wait in memory; the rest of a burst is spilled, and others come through. */
const endpointShare = 1 / 8;

export const shareOfEndpoint = {
  records: deliveriesWindow.records * endpointShare,
  bytes: deliveriesWindow.bytes * endpointShare,
};
