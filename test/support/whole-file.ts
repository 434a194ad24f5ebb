import { after } from 'node:test';

const works: (() => unknown)[] = [];

/** Stands in for a test where something is to be there until all tests of a file have ended; what came last goes first. */
export const wholeFile = {
  after(work: () => unknown): void {
    works.push(work);
  },
};

// Registered while the file is loaded: within a test it would be of that test.
after(async () => {
  for (const work of works.toReversed()) await work();
});
