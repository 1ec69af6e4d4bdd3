import { z } from 'zod';
import { settingsTable } from './settings.ts';

/** docs/configuration.md as text, made from the table of settings. */
export const describeSettings = (): string => {
  const schema = z.toJSONSchema(settingsTable, { io: 'input', unrepresentable: 'any' });
  const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const { default: fallback, description = '' } = typeof property === 'object' ? property : {};
    const shown = typeof fallback === 'string' && fallback !== '' ? `\`${fallback}\`` : 'unset';
    return `| \`${name}\` | ${shown} | ${description} |`;
  });
  return [
    '# Configuration',
    '',
    'Every setting is an environment variable. An unknown `BELLWIRE_` variable stops the start, and all errors are listed',
    'at once. `OTEL_*` variables mean what OpenTelemetry says. Made by `npm run gen`; do not edit.',
    '',
    '| variable | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
};
