import { z } from 'zod';
import { textProblem } from '@bellwire/errors';
import { secretProblem, type SignatureProfile } from '@bellwire/signing';

// The rules of registry, for members that it would name otherwise, or refuse when other members are changed already.

/** What people call a thing: some characters that can be kept and seen. */
export const givenName = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .superRefine((name, { addIssue }) => {
      const problem = textProblem(name) ?? (name.trim() === '' ? 'must not be blank' : undefined);
      if (problem !== undefined) addIssue(problem);
    });

/** A secret that a user brings. */
export const givenSecret = (profile: SignatureProfile) =>
  z.string().superRefine((secret, { addIssue }) => {
    const problem = secretProblem(profile, secret);
    if (problem !== undefined) addIssue(problem.message);
  });
