export { composeDispatcher } from './compose.ts';
export type { PipelineDeps } from './dispatcher-deps.ts';
export type { Send } from './ports.ts';
export { startPipeline } from './start-pipeline.ts';
