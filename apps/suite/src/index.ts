export { startSuite, type Suite, type SuiteDeps } from './start-suite.ts';
