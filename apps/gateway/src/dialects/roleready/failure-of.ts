import type { Attempt } from '@bellwire/contracts';

/** Why an attempt failed, in a few words. Sentences of egress name no address. */
export const failureOf = ({ error, responseStatus }: Pick<Attempt, 'error' | 'responseStatus'>): string =>
  error ?? (responseStatus === undefined ? 'no answer' : `HTTP ${responseStatus}`);
