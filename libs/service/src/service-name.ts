/** Services that others call over gRPC. */
export type ServiceName = 'registry' | 'ingestion' | 'dispatcher' | 'audit';
