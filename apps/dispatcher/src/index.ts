export { composeDispatcher } from './compose.ts';
