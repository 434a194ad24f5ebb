import { Type } from 'typebox';
import type { Operation } from './operation-description.ts';

/** The calls of those who run the server: see `route-schemas.ts`. */
export const OPERATION_CALLS = {
  health: {
    tag: 'Operation',
    summary: 'Does the process live?',
    answer: Type.Object({ Status: Type.String() }),
    errors: [],
    open: true,
  },
  readiness: {
    tag: 'Operation',
    summary: 'Can it serve?',
    answer: Type.Object({
      Status: Type.String(),
      Storage: Type.Optional(Type.String({ description: '`full` when the disk is full, or nearly: make room.' })),
    }),
    errors: ['NOT_READY', 'SHUTTING_DOWN'],
    open: true,
  },
  metrics: {
    tag: 'Operation',
    summary: 'Metrics for Prometheus',
    answer: 'text/plain',
    errors: [],
    open: true,
  },
  openapi: {
    tag: 'Operation',
    summary: 'This document',
    answer: Type.Unsafe<unknown>({ type: 'object' }),
    errors: [],
    open: true,
  },
  docs: { tag: 'Operation', summary: 'This document, to be read', answer: 'text/html', errors: [], open: true },
} as const satisfies Record<string, Operation>;
