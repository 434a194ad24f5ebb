import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { TAGS } from './operation-description.ts';
import { NAMED_SCHEMAS } from './route-schemas.ts';

/** Collects the routes that are added afterwards into one OpenAPI document. */
export function collectRoutes(app: FastifyInstance): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Slipway',
        version: '1',
        description:
          'Slipway is compatible with the Mendix Build API, under `/api/1`, and has management calls of its own under `/manage/1`. Every answer that is not 2xx is `{"errorCode", "errorMessage"}`. Paths may end in a slash; AppIds match in any case, and a ProjectId is accepted where an AppId is.',
      },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: { securitySchemes: SECURITY_SCHEMES },
      security: [{ username: [], apiKey: [] }, { token: [] }],
    },
    refResolver: {
      buildLocalReference: ({ $id }, _baseUri, _fragment, index) => (typeof $id === 'string' ? $id : `Schema${index}`),
    },
  });
  for (const schema of NAMED_SCHEMAS) app.addSchema(schema);
}

const SECURITY_SCHEMES = {
  username: { type: 'apiKey', in: 'header', name: 'Mendix-Username', description: 'The login of the user.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'Mendix-ApiKey', description: 'An API key of this user.' },
  token: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: '`MxToken <key>`: a personal access token, or an API key; either names its user by itself.',
  },
} as const;

/** The parts of an OpenAPI document that are read here. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly description?: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths?: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, ApiSchema>> };
}

export interface ApiOperation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: { readonly content?: ApiContent };
  readonly responses?: Readonly<Record<string, { readonly description?: string; readonly content?: ApiContent }>>;
}

export interface ApiParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: ApiSchema;
}

export type ApiContent = Readonly<Record<string, { readonly schema?: ApiSchema }>>;

export interface ApiSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly format?: string;
  readonly description?: string;
  readonly items?: ApiSchema;
  readonly anyOf?: readonly ApiSchema[];
  readonly properties?: Readonly<Record<string, ApiSchema>>;
  readonly required?: readonly string[];
}

/** Leaves out HEAD, which is GET without a body and goes without saying. */
export function finishDocument(document: object): ApiDocument {
  const collected = document as ApiDocument;
  const paths = Object.entries(collected.paths ?? {}).map(([path, operations]) => {
    const { head, ...others } = operations;
    return [path, others];
  });
  return { ...collected, paths: Object.fromEntries(paths) };
}
