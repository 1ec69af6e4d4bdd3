/**
 * What a caller can do about a fault, and how it is said in gRPC and in HTTP: the canonical mapping of google.rpc.Code.
 * Only `precondition` is not 400 but 409 (RFC 9110, section 15.5.10): the request itself is right; and what is too large is 413
 * (section 15.5.14).
 * Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
 */
export const kinds = {
  invalid: { grpc: 3, http: 400 },
  too_large: { grpc: 3, http: 413 },
  unauthenticated: { grpc: 16, http: 401 },
  forbidden: { grpc: 7, http: 403 },
  not_found: { grpc: 5, http: 404 },
  exists: { grpc: 6, http: 409 },
  conflict: { grpc: 10, http: 409 },
  precondition: { grpc: 9, http: 409 },
  exhausted: { grpc: 8, http: 429 },
  unavailable: { grpc: 14, http: 503 },
  timeout: { grpc: 4, http: 504 },
  cancelled: { grpc: 1, http: 499 },
  unimplemented: { grpc: 12, http: 501 },
  internal: { grpc: 13, http: 500 },
} as const;

export type FaultKind = keyof typeof kinds;
