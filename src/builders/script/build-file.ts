import { type Static, Type } from 'typebox';

/** Where an app says how it is built. */
export const BUILD_FILE = 'slipway.yml';

const Name = Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\x00-\\x1f]+$' });
/** Neither an argument nor a variable of a program can hold NUL: what follows it would be taken as another. */
const NO_NUL = '^[^\\x00]*$';
const Line = Type.String({
  minLength: 1,
  pattern: NO_NUL,
  description: 'A command for `sh -e`; it may have several lines.',
});
export const StepSchema = Type.Object({ name: Type.Optional(Name), run: Line }, { additionalProperties: false });
const RelativePath = Type.String({ minLength: 1, maxLength: 1000 });

/** What `slipway.yml` may say; published as `docs/slipway.schema.json`, and by each server. */
export const BuildFileSchema = Type.Object(
  {
    build: Type.Object(
      {
        run: Type.Union([Line, Type.Array(StepSchema, { minItems: 1, maxItems: 100 })], {
          description: 'What to run: a command, or a list of steps, each with a name.',
        }),
        package: Type.Union([RelativePath, Type.Array(RelativePath, { minItems: 1, maxItems: 100 })], {
          description:
            'What the package is: a folder whose files it holds, a file that is taken as it is, or patterns such as `dist/**`.',
        }),
        timeout: Type.Optional(
          Type.String({
            pattern: '^[1-9]\\d{0,5}(s|m|h)$',
            description: 'How long all steps together may take, such as `90s`, `20m` or `2h`.',
          }),
        ),
        network: Type.Optional(Type.Boolean({ description: 'Whether the steps need the network; default false.' })),
        environment: Type.Optional(
          Type.Record(
            Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }),
            Type.Union([Type.String({ pattern: NO_NUL }), Type.Number(), Type.Boolean()]),
            { description: 'Variables for the steps.', additionalProperties: false },
          ),
        ),
        cache: Type.Optional(
          Type.Array(RelativePath, {
            maxItems: 20,
            description: 'Folders that are kept between builds of this app and branch.',
          }),
        ),
        image: Type.Optional(
          Type.String({
            minLength: 1,
            description: 'Image of the container that the steps run in; only with the container sandbox.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
  },
  {
    title: 'slipway.yml',
    description: 'How Slipway builds an app with a command.',
    additionalProperties: false,
  },
);
export type WrittenBuildFile = Static<typeof BuildFileSchema>;

/** What a file says, in one form. */
export interface BuildPlan {
  readonly steps: readonly { readonly name: string; readonly run: string }[];
  /** Relative paths or patterns. */
  readonly package: readonly string[];
  readonly timeoutMs: number | undefined;
  readonly network: boolean;
  readonly image: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Relative paths without `.` and `..`. */
  readonly cache: readonly string[];
}

/** The schema in JSON, as `docs/slipway.schema.json` has it. */
export function buildFileSchemaPage(): string {
  const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...BuildFileSchema };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
