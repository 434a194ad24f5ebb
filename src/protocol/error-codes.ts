/**
 * The one table of what a client can be told went wrong. Status and code of the documented calls come from the Build
 * API's documentation; the rest are ours and follow the same shape.
 */
export const ERROR_CODES = {
  ALREADY_STARTED: { status: 200, retryable: false, message: 'Cannot start app. App is already running.' },
  INVALID_APPID: { status: 400, retryable: false, message: 'Invalid AppId.' },
  INVALID_PROJECTID: {
    status: 400,
    retryable: false,
    message: 'Invalid ProjectId: give that of an app which you have API Rights to.',
  },
  APPLICATION_ALREADY_EXISTS: { status: 400, retryable: false, message: 'The app already has an environment.' },
  INVALID_PARAMETERS: { status: 400, retryable: false, message: 'Not enough or invalid parameters given.' },
  INVALID_VERSION: {
    status: 400,
    retryable: false,
    message:
      "The Version parameter does not contain a valid version string. Please provide a version with a major, minor and patch number, like '2.3.5'.",
  },
  INVALID_ENVIRONMENT: { status: 400, retryable: false, message: 'Could not parse environment mode.' },
  INVALID_RUNTIME_VERSION: {
    status: 400,
    retryable: false,
    message: 'The environment cannot run the Mendix version of the package.',
  },
  CONSTANT_NOT_FOUND: { status: 400, retryable: false, message: 'Constant not found.' },
  CUSTOM_SETTING_NOT_SUPPORTED: { status: 400, retryable: false, message: 'Custom setting not supported.' },
  SCHEDULED_EVENT_NOT_FOUND: { status: 400, retryable: false, message: 'Scheduled Event not found.' },
  UNAUTHORIZED: { status: 401, retryable: false, message: 'The login name or the API key is missing or wrong.' },
  NO_ACCESS: { status: 403, retryable: false, message: 'You do not have the right to do this.' },
  INVALID_LINK: { status: 403, retryable: false, message: 'This download link is not valid, or is no longer valid.' },
  INVALID_REPORT: {
    status: 403,
    retryable: false,
    message: 'This report is not waited for, or is not signed with the secret of its environment.',
  },
  INVALID_PUSH: {
    status: 403,
    retryable: false,
    message: 'No app here takes this push: it is not signed with the push secret of the app.',
  },
  ENVIRONMENT_NOT_STOPPED: { status: 403, retryable: false, message: 'Environment needs to be stopped.' },
  TRANSPORT_NOT_ALLOWED: {
    status: 403,
    retryable: false,
    message: 'Packages cannot be transported to this environment.',
  },
  APP_IS_RUNNING: {
    status: 403,
    retryable: false,
    message: 'The app needs to be stopped before a package is transported.',
  },
  'NOT ALLOWED': { status: 403, retryable: false, message: 'Cannot transport: the package has no file.' },
  APP_NOT_FOUND: { status: 404, retryable: false, message: 'App not found.' },
  PACKAGE_NOT_FOUND: { status: 404, retryable: false, message: 'Package or build job not found.' },
  BRANCH_NOT_FOUND: { status: 404, retryable: false, message: 'Branch not found.' },
  ENVIRONMENT_NOT_FOUND: { status: 404, retryable: false, message: 'Environment not found.' },
  NO_SUCH_STARTJOB: { status: 404, retryable: false, message: 'Job not found.' },
  NO_SUCH_JOB: { status: 404, retryable: false, message: 'Job not found.' },
  USER_NOT_FOUND: { status: 404, retryable: false, message: 'User not found.' },
  KEY_NOT_FOUND: { status: 404, retryable: false, message: 'API key not found.' },
  SECRET_NOT_FOUND: { status: 404, retryable: false, message: 'The app has no secret of this name.' },
  PUSH_RULE_NOT_FOUND: { status: 404, retryable: false, message: 'The app has no push rule for this branch.' },
  WEBHOOK_NOT_FOUND: { status: 404, retryable: false, message: 'The app has no such webhook.' },
  MESSAGE_NOT_FOUND: { status: 404, retryable: false, message: 'The webhook has no such message.' },
  NOT_FOUND: { status: 404, retryable: false, message: 'There is nothing at this address.' },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false, message: 'This address does not take this method.' },
  REQUEST_TIMEOUT: { status: 408, retryable: true, message: 'The request did not arrive in time.' },
  PACKAGE_IN_USE: { status: 409, retryable: false, message: 'Package is still in use.' },
  BUILD_ALREADY_ENDED: { status: 409, retryable: false, message: 'This build has ended and cannot be canceled.' },
  APP_IN_USE: {
    status: 409,
    retryable: false,
    message: 'The app still has builds that have not ended, or an environment that is in use.',
  },
  ENVIRONMENT_IN_USE: {
    status: 409,
    retryable: false,
    message: 'The environment is running, starting or being given a package.',
  },
  WEBHOOK_NOT_ACTIVE: { status: 409, retryable: false, message: 'The webhook is not active.' },
  ALREADY_EXISTS: { status: 409, retryable: false, message: 'This name is taken.' },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    retryable: false,
    message: 'This Idempotency-Key was used before with another request.',
  },
  ENVIRONMENT_NOT_DEPLOYED: { status: 422, retryable: false, message: 'No app deployed to the environment.' },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false, message: 'The request body is too large.' },
  URI_TOO_LONG: { status: 414, retryable: false, message: 'The address is too long.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false, message: 'This kind of request body is not understood.' },
  RANGE_NOT_SATISFIABLE: { status: 416, retryable: false, message: 'The requested range lies outside of the file.' },
  TOO_MANY_REQUESTS: { status: 429, retryable: true, message: 'Too many failed attempts. Try again later.' },
  HEADERS_TOO_LARGE: { status: 431, retryable: false, message: 'The request headers are too large.' },
  BUILD_FAILED: { status: 500, retryable: true, message: 'Build job failed.' },
  BUILD_NOT_SUCCEEDED: { status: 500, retryable: false, message: 'Build not successful finished.' },
  PACKAGE_DAMAGED: {
    status: 500,
    retryable: false,
    message: 'The file of this package is damaged. Build the package again.',
  },
  UPLOAD_COPY_FAILED: { status: 500, retryable: true, message: 'The uploaded package could not be stored.' },
  INVALID_PACKAGE: { status: 500, retryable: false, message: 'The uploaded file is not a valid package.' },
  NO_MDA_HAS_BEEN_DEPLOYED: { status: 500, retryable: false, message: 'Cannot start app. There is no MDA deployed.' },
  APP_ALREADY_HAS_A_STARTING_JOB: {
    status: 500,
    retryable: true,
    message: 'Cannot start app. There is already a starting job id found.',
  },
  START_FAILED: { status: 500, retryable: false, message: 'Cannot start app.' },
  NO_PACKAGE: { status: 500, retryable: false, message: 'Cannot start app: there is no package.' },
  ALREADY_LOCKED: { status: 500, retryable: true, message: 'Cannot start app: something else is being done to it.' },
  DB_SYNC_FAILED: {
    status: 500,
    retryable: false,
    message: 'Cannot start app: its database could not be synchronized.',
  },
  INVALID_DB_STRUCTURE: {
    status: 500,
    retryable: false,
    message: 'Cannot start app: its database does not fit the package.',
  },
  MISSING_CONSTANT: { status: 500, retryable: false, message: 'Cannot start app: a constant has no value.' },
  INSECURE_ADMIN_PASSWORD: {
    status: 500,
    retryable: false,
    message: 'Cannot start app: the password of its administrator is not secure.',
  },
  STARTUP_ACTION_FAILED: {
    status: 500,
    retryable: false,
    message: 'Cannot start app: what it does after its startup has failed.',
  },
  INVALID_SCHEDULED_EVENT_PARAMETER: {
    status: 500,
    retryable: false,
    message: 'Scheduled Event parameter should be Enabled or Disabled.',
  },
  STOP_FAILED: { status: 500, retryable: true, message: 'Cannot stop app.' },
  ENVIRONMENT_CLEAN_FAILED: { status: 500, retryable: true, message: 'Unable to clean the environment.' },
  TRANSPORT_FAILED: { status: 500, retryable: true, message: 'The package could not be brought to the environment.' },
  PACKAGE_PARSE_FAILED: { status: 500, retryable: false, message: 'The package could not be read.' },
  ENVIRONMENT_DELETE_FAILED: { status: 500, retryable: true, message: 'The environment could not be deleted.' },
  STORAGE_FULL: {
    status: 507,
    retryable: false,
    message: 'The disk of the server is full. Nothing was changed: free some space on it and try again.',
  },
  STORE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    message: 'The store that packages are kept in cannot be reached just now. Try again later.',
  },
  INTERNAL_ERROR: { status: 500, retryable: true, message: 'An unexpected error occurred.' },
  REPOSITORY_UNAVAILABLE: { status: 502, retryable: true, message: 'The repository of the app does not answer.' },
  NOT_READY: { status: 503, retryable: true, message: 'The database does not answer.' },
  'SERVICE UNAVAILABLE': {
    status: 503,
    retryable: true,
    message: 'Cannot transport: the package is still being built.',
  },
  SHUTTING_DOWN: { status: 503, retryable: true, message: 'The server is shutting down. Try again in a moment.' },
} as const satisfies Record<string, ErrorCodeFacts>;

interface ErrorCodeFacts {
  /** HTTP status of the answer. */
  readonly status: number;
  /** Whether the same request may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** The sentence used when nothing more precise is known. */
  readonly message: string;
}

/** A code from the table above, as it stands in `errorCode`. */
export type ErrorCode = keyof typeof ERROR_CODES;
