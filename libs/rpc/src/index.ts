export { openChannel, type CallOptions, type RpcChannel } from './client.ts';
export { faultOf, statusOf } from './grpc-status.ts';
export { makeHandlers, type Call, type Handlers, type HandlersOptions } from './handlers.ts';
export { serveGrpc, type GrpcServer, type ServeOptions } from './server.ts';
