import { context, propagation, type Context } from '@opentelemetry/api';
import type { Metadata } from '@grpc/grpc-js';

// Trace context (W3C traceparent) in gRPC metadata and in record headers. Inert until a process loads the SDK.

const metadataSetter = { set: (metadata: Metadata, key: string, value: string) => metadata.set(key, value) };
const metadataGetter = {
  keys: (metadata: Metadata) => Object.keys(metadata.getMap()),
  get: (metadata: Metadata, key: string) => metadata.get(key).map(String)[0],
};

export const injectIntoMetadata = (metadata: Metadata): void =>
  propagation.inject(context.active(), metadata, metadataSetter);

export const extractFromMetadata = (metadata: Metadata): Context =>
  propagation.extract(context.active(), metadata, metadataGetter);
