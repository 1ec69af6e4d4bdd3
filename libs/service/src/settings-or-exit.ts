import { readSettings, type Settings } from '@bellwire/config';

/** Settings of a process, or the end of it with every problem listed. */
export const settingsOrExit = (environment: NodeJS.ProcessEnv = process.env): Settings => {
  try {
    return readSettings(environment);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
};
