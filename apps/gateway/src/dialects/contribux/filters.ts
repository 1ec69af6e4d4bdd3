import { contribux } from '@bellwire/dialects';
import { filtersOf as shorthandsOf, filterTextOf as textOf, type Filters } from '../shorthand-filters.ts';

// The filters of a webhook as its user gives them: min_match_score, difficulty_levels, languages.
export type { Filters };

/** What an endpoint keeps of them. @throws Fault INVALID_FIELD */
export const filterTextOf = (filters: Filters | null | undefined): string => textOf(contribux, filters ?? {});

/** The way back; null for a filter that was not made of these, as /v1 can set. */
export const filtersOf = (text: string): Filters | null => shorthandsOf(contribux, text);
