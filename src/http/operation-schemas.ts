import { Type } from 'typebox';
import type { Operation } from './operation-description.ts';

/** The calls of those who run the server: see `route-schemas.ts`. */
export const OPERATION_CALLS = {
  health: {
    tag: 'Operation',
    needs: 'nothing',
    summary: 'Does the process live?',
    answer: Type.Object({ Status: Type.String() }),
    errors: [],
  },
  readiness: {
    tag: 'Operation',
    needs: 'nothing',
    summary: 'Can it serve?',
    answer: Type.Object({
      Status: Type.String(),
      Storage: Type.Optional(Type.String({ description: '`full` when the disk is full, or nearly: make room.' })),
    }),
    errors: ['NOT_READY', 'SHUTTING_DOWN'],
  },
  metrics: {
    tag: 'Operation',
    needs: 'nothing',
    summary: 'Metrics for Prometheus',
    answer: 'text/plain',
    errors: [],
  },
  openapi: {
    tag: 'Operation',
    needs: 'nothing',
    summary: 'This document',
    answer: Type.Unsafe<unknown>({ type: 'object' }),
    errors: [],
  },
  buildFileSchema: {
    tag: 'Operation',
    needs: 'nothing',
    summary: 'What slipway.yml may say, as JSON Schema',
    answer: Type.Unsafe<unknown>({ type: 'object' }),
    errors: [],
  },
  docs: { tag: 'Operation', needs: 'nothing', summary: 'This document, to be read', answer: 'text/html', errors: [] },
} as const satisfies Record<string, Operation>;
