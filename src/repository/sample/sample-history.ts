/** The sample app of `slipway demo`: a small calculator, as a history to be imported into a repository. */
export const SAMPLE_HISTORY: readonly SampleCommit[] = [
  {
    branch: 'main',
    author: 'Richard Ford <richard.ford@example.com>',
    message: 'Create the app',
    files: {
      'README.md': '# Calculation App\n\nAdds and subtracts. A sample for trying out Slipway.\n',
      'model/calculator.json': json({ name: 'Calculator', operations: ['add'] }),
      'theme/colors.css': ':root {\n  --ink: #1d2b36;\n  --paper: #fbfaf7;\n}\n',
    },
  },
  {
    branch: 'main',
    author: 'Ada Smit <ada.smit@example.com>',
    message: 'Subtract',
    files: { 'model/calculator.json': json({ name: 'Calculator', operations: ['add', 'subtract'] }) },
  },
  {
    branch: 'main',
    author: 'Richard Ford <richard.ford@example.com>',
    message: 'Keep results',
    files: { 'model/results.json': json({ name: 'Results', keep: 100, order: 'newest first' }) },
  },
  {
    branch: 'feature',
    author: 'Ada Smit <ada.smit@example.com>',
    message: 'Add scientific mode',
    files: {
      'model/scientific.json': json({ name: 'Scientific', operations: ['sine', 'cosine', 'logarithm', 'power'] }),
    },
  },
  {
    branch: 'main',
    author: 'Richard Ford <richard.ford@example.com>',
    message: 'Greet in two languages',
    files: {
      'text/greetings.csv': 'language,text\nen,Good morning\nnl,Goedemorgen\n',
      'README.md':
        '# Calculation App\n\nAdds and subtracts, in two languages. A sample for trying out Slipway.\n\nThe branch `feature` adds a scientific mode.\n',
    },
  },
  {
    branch: 'feature',
    author: 'Ada Smit <ada.smit@example.com>',
    message: 'Show angles in degrees',
    files: { 'model/angles.json': json({ name: 'Angles', unit: 'degree' }) },
  },
];

export interface SampleCommit {
  /** A branch that is new begins at the commit before. */
  readonly branch: 'main' | 'feature';
  readonly author: string;
  readonly message: string;
  /** The text of each file that the commit adds or changes. */
  readonly files: Readonly<Record<string, string>>;
}

/** Some day in 2026; one hour lies between two commits, so that every import gives the same hashes. */
const FIRST_COMMIT_SECONDS = 1_767_261_600;
const STEP_SECONDS = 3600;

/** When a commit of the history was made, in seconds since 1970. */
export function commitSeconds(index: number): number {
  return FIRST_COMMIT_SECONDS + index * STEP_SECONDS;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
