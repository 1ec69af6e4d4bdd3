import type { Tx } from './schema.ts';

/** JSON text, by primary key. */
export const findSettings = async (tx: Tx, tenantId: string, subject: string): Promise<string | undefined> => {
  const row = await tx
    .selectFrom('registry.subject_settings')
    .select('settings')
    .where('tenant_id', '=', tenantId)
    .where('subject', '=', subject)
    .executeTakeFirst();
  return row?.settings;
};

export const saveSettings = async (
  tx: Tx,
  tenantId: string,
  { subject, settings, updatedAt }: { subject: string; settings: string; updatedAt: Date },
): Promise<void> => {
  await tx
    .insertInto('registry.subject_settings')
    .values({ tenant_id: tenantId, subject, settings, updated_at: updatedAt })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'subject']).doUpdateSet({ settings, updated_at: updatedAt }),
    )
    .execute();
};
