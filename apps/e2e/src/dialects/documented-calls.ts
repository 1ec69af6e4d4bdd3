import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A block of commands on a page of docs/dialects. */
export interface DocumentedCall {
  readonly commands: string;
  /** The JSON that is printed below it, if any: an example of what the block prints. */
  printed?: unknown;
}

/** The blocks of a section (`## …`), in their order. */
export const callsOf = (page: string, section: string): readonly DocumentedCall[] => {
  const file = new URL(`../../../../docs/dialects/${page}.md`, import.meta.url);
  const [, text = ''] = readFileSync(file, 'utf8').split(`\n## ${section}\n`);
  const [body = ''] = text.split('\n## ', 1);
  const calls: DocumentedCall[] = [];
  for (const [, language, block = ''] of body.matchAll(/```(sh|json)\n([^]*?)```/g)) {
    const last = calls.at(-1);
    if (language === 'sh') calls.push({ commands: block });
    else if (last !== undefined) last.printed = JSON.parse(block);
  }
  return calls;
};

const mark = '---- next block ----';

/** Runs blocks in one shell, which ends at the first command that fails; answers with what each printed. */
export const runInOneShell = async (blocks: readonly string[]): Promise<readonly string[]> => {
  const script = blocks.map((block) => `${block}\necho '${mark}'`).join('\n');
  const { stdout } = await promisify(execFile)('bash', ['-c', `set -e\n${script}`], {
    cwd: fileURLToPath(new URL('../../../..', import.meta.url)),
    timeout: 30_000,
  });
  return stdout.split(`${mark}\n`).slice(0, -1);
};
