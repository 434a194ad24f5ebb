import type { ErrorCode } from './error-codes.ts';

/**
 * What a target may say went wrong in a call, besides the code of the call as a whole: the documented codes of the calls
 * of the Deploy API.
 */
export const TARGET_CODES = {
  transport: [
    'INVALID_RUNTIME_VERSION',
    'NO_ACCESS',
    'TRANSPORT_NOT_ALLOWED',
    'APP_IS_RUNNING',
    'NOT ALLOWED',
    'PACKAGE_NOT_FOUND',
    'PACKAGE_PARSE_FAILED',
    'SERVICE UNAVAILABLE',
  ],
  start: [
    'NO_PACKAGE',
    'ALREADY_LOCKED',
    'DB_SYNC_FAILED',
    'INVALID_DB_STRUCTURE',
    'MISSING_CONSTANT',
    'INSECURE_ADMIN_PASSWORD',
    'STARTUP_ACTION_FAILED',
    'START_FAILED',
  ],
  stop: ['STOP_FAILED'],
  clean: ['ENVIRONMENT_NOT_STOPPED', 'ENVIRONMENT_NOT_DEPLOYED', 'ENVIRONMENT_CLEAN_FAILED'],
  remove: ['ENVIRONMENT_IN_USE', 'ENVIRONMENT_DELETE_FAILED'],
} as const satisfies Record<string, readonly ErrorCode[]>;

/** A call of a target. */
export type TargetCall = keyof typeof TARGET_CODES;
