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

export interface SettingsWrite {
  subject: string;
  settings: string;
  updatedAt: Date;
  /** What they must be now; undefined: anything. */
  replaces: string | undefined;
}

/** What subjects have that have set nothing. */
export const noSettings = '{}';

/** False where they are not what is to be replaced: nothing has changed then. */
export const saveSettings = async (tx: Tx, tenantId: string, write: SettingsWrite): Promise<boolean> => {
  const { subject, settings, updatedAt, replaces } = write;
  if (replaces !== undefined && replaces !== noSettings) {
    const { numUpdatedRows } = await tx
      .updateTable('registry.subject_settings')
      .set({ settings, updated_at: updatedAt })
      .where('tenant_id', '=', tenantId)
      .where('subject', '=', subject)
      .where('settings', '=', replaces)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }
  const { numInsertedOrUpdatedRows = 0n } = await tx
    .insertInto('registry.subject_settings')
    .values({ tenant_id: tenantId, subject, settings, updated_at: updatedAt })
    .onConflict((conflict) => {
      const update = conflict.columns(['tenant_id', 'subject']).doUpdateSet({ settings, updated_at: updatedAt });
      return replaces === undefined ? update : update.where('registry.subject_settings.settings', '=', noSettings);
    })
    .executeTakeFirst();
  return numInsertedOrUpdatedRows > 0n;
};
