/** The path of a member or an entry of what is at `path`: `event_types[2]`, `retry.schedule_seconds[0]`. */
export const pathBelow = (path: string, key: PropertyKey): string => {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? String(key) : `${path}.${String(key)}`;
};
