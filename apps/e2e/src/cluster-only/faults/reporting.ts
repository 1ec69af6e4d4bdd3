import { problemsOf, tableOf, textOf, type Outcome } from '../../ledger/outcome.ts';

/** What a case without ledgers of all events has to say, or why it was not run. */
export interface Note {
  ids: string;
  title: string;
  text: string;
  isFine: boolean;
}

/** Prints results as they come, and all of them as a table at the end. */
export interface Reporting {
  outcome(outcome: Outcome): void;
  note(note: Note): void;
  /** The table; answers the titles of what was not as promised. */
  close(): readonly string[];
}

export const openReporting = (print: (text: string) => void): Reporting => {
  const outcomes: Outcome[] = [];
  const notes: Note[] = [];
  return {
    outcome: (outcome) => {
      outcomes.push(outcome);
      print(textOf(outcome));
    },
    note: (note) => {
      notes.push(note);
      print(`${note.isFine ? 'ok  ' : 'FAIL'} ${note.ids} ${note.title}: ${note.text}`);
    },
    close: () => {
      const others = notes.map(({ ids, title, text, isFine }) => [ids, title, isFine ? text : `NO: ${text}`]);
      print(`\n${tableOf(outcomes, others)}\n`);
      return [
        ...outcomes.filter((outcome) => problemsOf(outcome).length > 0).map(({ title }) => title),
        ...notes.filter(({ isFine }) => !isFine).map(({ title }) => title),
      ];
    },
  };
};
