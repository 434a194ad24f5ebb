import { type Static, type TSchema, Type } from 'typebox';

/** A commit as the App Repository API shows it. */
export const CommitSchema = Type.Object({
  id: Type.String({ description: 'The hash of a commit, or the number of a revision: the Revision of a build.' }),
  author: Type.Object({ name: Type.String(), email: Type.String() }),
  date: Type.String({ format: 'date-time' }),
  message: Type.String(),
  relatedStories: Type.Array(Type.Object({ id: Type.String() }), { description: 'Always empty.' }),
  mendixVersion: Type.Optional(Type.String({ description: 'Absent where there is no project that can be read.' })),
});
export type WireCommit = Static<typeof CommitSchema>;

export const RepositoryBranchSchema = Type.Object({
  name: Type.String({ description: "'trunk' or 'main' for the main line, else 'branches/<name>'." }),
  latestCommit: Type.Optional(CommitSchema),
});
export type WireRepositoryBranch = Static<typeof RepositoryBranchSchema>;

export const RepositoryInfoSchema = Type.Object({
  appId: Type.String({ format: 'uuid', description: 'The ProjectId of the app.' }),
  type: Type.Enum(['git', 'svn'], { type: 'string' }),
  url: Type.String(),
});
export type WireRepositoryInfo = Static<typeof RepositoryInfoSchema>;

/** Where the pages of a list begin, to be given as `cursor`. */
export const CursorsSchema = Type.Object({
  first: Type.String(),
  prev: Type.Optional(Type.String({ description: 'Absent on the first page.' })),
  next: Type.Optional(Type.String({ description: 'Absent on the last page.' })),
  last: Type.String(),
});
export type WireCursors = Static<typeof CursorsSchema>;

export function pageOf<Item extends TSchema>(item: Item) {
  return Type.Object({ items: Type.Array(item), cursors: CursorsSchema });
}
