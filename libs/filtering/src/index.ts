export { compileEventTypes, validateEventTypePattern } from './event-types.ts';
export { eventDocument, type EventDocument, type EventSource } from './event-document.ts';
export { compileFilter, parseFilter, type Filter, type FilterResult } from './filter.ts';
export { filterLimits } from './limits.ts';
