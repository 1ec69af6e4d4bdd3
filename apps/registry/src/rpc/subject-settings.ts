import type { RegistryServiceServer } from '@bellwire/contracts';
import type { Acting } from '@bellwire/domain';
import { Fault, invalidFields, noSuch, type FieldProblem } from '@bellwire/errors';
import { findSettings, noSettings, saveSettings } from '../store/subject-settings.ts';
import { tenantOf } from '../tenant-of.ts';
import { subjectProblems } from '../text-rules.ts';
import { acting } from './acting.ts';
import type { RpcDeps } from './dependencies.ts';

const maxBytes = 16_384;

const isObjectText = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};

const settingsProblems = (settings: string): FieldProblem[] => {
  const path = 'settings';
  if (Buffer.byteLength(settings) > maxBytes) return [{ path, message: `must have at most ${maxBytes} bytes` }];
  return isObjectText(settings) ? [] : [{ path, message: 'must be a JSON object' }];
};

const check = (own: string | undefined, subject: string, problems: readonly FieldProblem[] = []): void => {
  const all = [...subjectProblems(subject), ...problems];
  if (all.length > 0) throw invalidFields(all);
  if (own !== undefined && own !== subject) throw noSuch('subject');
};

type SettingsRpcs = Pick<RegistryServiceServer, 'getSubjectSettings' | 'putSubjectSettings'>;

/** What users set for themselves; with a key that is bound to a subject, its own alone. The log does not have it. */
export const subjectSettingsRpcs = ({ handlers, store, clock }: RpcDeps): SettingsRpcs => {
  const inTenantOf = <Result>({ tenantId }: Acting, work: Parameters<typeof store.inTenant<Result>>[1]) =>
    store.inTenant(tenantId, async (tx) => {
      await tenantOf(tx, tenantId);
      return await work(tx);
    });
  return {
    getSubjectSettings: handlers.unary('GetSubjectSettings', async ({ subject }, call) => {
      const acts = acting(call, 'endpoints:read');
      check(acts.subject, subject);
      const found = await inTenantOf(acts, (tx) => findSettings(tx, acts.tenantId, subject));
      return { subject, settings: found ?? noSettings };
    }),
    putSubjectSettings: handlers.unary('PutSubjectSettings', async ({ subject, settings, replaces }, call) => {
      const acts = acting(call, 'endpoints:write');
      check(acts.subject, subject, settingsProblems(settings));
      const updatedAt = new Date(clock.now());
      const write = { subject, settings, updatedAt, replaces };
      if (!(await inTenantOf(acts, (tx) => saveSettings(tx, acts.tenantId, write)))) {
        throw new Fault('LOST_RACE', 'The settings have changed since they were read.');
      }
      return { subject, settings };
    }),
  };
};
