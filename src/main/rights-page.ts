import { nameRights } from '../http/needs.ts';
import type { Needs, Operation, RightsNeeded } from '../http/operation-description.ts';
import { OPERATIONS } from '../http/route-schemas.ts';
import { RIGHT_WORDS, RIGHTS, type Right } from '../protocol/permissions.ts';

/** The text of `docs/rights.md`, made from the table of calls. */
export function rightsPage(): string {
  const calls: readonly Operation[] = Object.values(OPERATIONS);
  const sections = [...Map.groupBy(calls, ({ tag }) => tag)].flatMap(([tag, group]) => section(tag, group));
  const rights = RIGHT_WORDS.map((right) => `| ${RIGHTS[right]} | \`${right}\` | ${useOf(right, calls)} |`);
  return [INTRODUCTION, '| right | its word | needed by |', '|---|---|---|', ...rights, '', ...sections].join('\n');
}

const INTRODUCTION = `# Which right each call needs

<!-- Generated from the calls in src/http by \`npm run fix\`; a test compares. -->

What the rights mean, and how they are given, is in [Permissions](permissions.md). An admin may make every call, and a
Technical Contact has Manage Permissions everywhere on its app. A token needs its scope as well as the rights of its user;
a call without a scope takes API keys alone. The addresses of the calls are on the page \`/docs\` of every server.
`;

function useOf(right: Right, calls: readonly Operation[]): string {
  const count = calls.filter(({ needs }) => typeof needs === 'object' && needs.rights.includes(right)).length;
  return count === 0 ? 'no call yet' : `${count} calls`;
}

function section(tag: string, calls: readonly Operation[]): string[] {
  return [
    `## ${tag}`,
    '',
    '| call | needs | where | scope of a token |',
    '|---|---|---|---|',
    ...calls.map((call) => `| ${call.summary} | ${cellsOf(call.needs).join(' | ')} | ${code(call.scope)} |`),
    '',
  ];
}

function cellsOf(needs: Needs): readonly [needs: string, where: string] {
  return typeof needs === 'object' ? [nameRights(needs.rights), PLACES[needs.on]] : [PERSONS[needs], ''];
}

const PERSONS: Readonly<Record<Exclude<Needs, RightsNeeded>, string>> = {
  nothing: 'nothing: for anybody',
  user: 'to be a user',
  oneself: 'to be that user, or an admin',
  admin: 'to be an admin',
  sight: 'to see the app: any right on it',
};

const PLACES: Readonly<Record<RightsNeeded['on'], string>> = {
  'any-environment': 'the app, or any environment of it',
  'the-environment': 'the environment',
  'every-environment': 'the app, and every environment of it',
};

function code(text: string | undefined): string {
  return text === undefined ? '' : `\`${text}\``;
}
