import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { mutations, type Edit } from './mutations.ts';

const root = new URL('../../../../', import.meta.url);

/** @throws Error where the text to be replaced is not there, or more than once: the code has changed, and so must the edit */
const edited = (source: string, { file, find, replace }: Edit): string => {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times what is to be replaced: ${find}`);
  return parts.join(replace);
};

/** The files as the edits make them, by address. */
const sourcesOf = (edits: readonly Edit[]): Map<string, string> => {
  const sources = new Map<string, string>();
  for (const edit of edits) {
    const url = new URL(edit.file, root);
    sources.set(url.href, edited(sources.get(url.href) ?? readFileSync(url, 'utf8'), edit));
  }
  return sources;
};

/**
 * Modules that are loaded from now on are not what is on the disk, but what the edits make of it.
 *
 * @throws Error where an edit does not fit any more
 */
export const applyEdits = (edits: readonly Edit[]): void => {
  const sources = sourcesOf(edits);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const source = sources.get(url);
      return source === undefined ? loaded : { ...loaded, source };
    },
  });
};

/** @throws Error for an unknown name */
export const editsOf = (name: string | undefined): readonly Edit[] => {
  const mutation = mutations.find((known) => known.name === name);
  if (name !== undefined && mutation === undefined)
    throw new Error(`there is no mutation ${name}: ${mutations.map((known) => known.name).join(', ')}`);
  return mutation?.edits ?? [];
};
