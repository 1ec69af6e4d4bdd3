import { readFileSync } from 'node:fs';

/** The compiled descriptors of every contract, for gRPC reflection. A google.protobuf.FileDescriptorSet. */
export const descriptorSet = (): Buffer => readFileSync(new URL('./generated/descriptors.binpb', import.meta.url));
