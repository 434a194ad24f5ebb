import type { EventType } from '../protocol/webhook-events.ts';
import { environmentPayload, packagePayload, type ToldApp, type ToldPackage } from './webhook-payload.ts';

const REVISION = '5f0c2b8d8f9a4c7e9b1d3a6e2c4f8b7a9d0e1c2b';
const BEFORE = '91d3a6e2c4f8b7a9d0e1c2b5f0c2b8d8f9a4c7e9';

const PACKAGE: ToldPackage = {
  id: '00000000-0000-4000-8000-000000000001',
  name: 'Main line-1.0.0.5f0c2b8d.mda',
  version: '1.0.0.5f0c2b8d',
  status: 'Succeeded',
  origin: 'build',
  branch: 'main',
  revision: REVISION,
  creator_login: 'richard.ford51@example.com',
  mendix_version: '10.24.0.5019',
  failure_code: null,
  failure_reason: null,
};
const ENVIRONMENT = {
  id: '00000000-0000-4000-8000-000000000002',
  mode: 'Acceptance',
  url: 'https://calc-accp.example.com',
};
const FAILED = {
  status: 'Failed',
  failure_code: 'step-failed',
  failure_reason: 'This is a test: nothing was built.',
} as const satisfies Partial<ToldPackage>;

/**
 * A body of an event that did not happen, about a package, an environment or a commit that there is not: for test
 * messages, and for people who want to see what an event looks like. The app is the real one.
 *
 * @param at when it is said to have happened, in milliseconds since 1970
 */
export function samplePayload(eventType: EventType, app: ToldApp, at: number): string {
  const packageThatIs = (row: Partial<ToldPackage>) => packagePayload(eventType, app, { ...PACKAGE, ...row }, at);
  switch (eventType) {
    case 'teamserver.push':
      return samplePush(app, at);
    case 'package.uploaded':
    case 'build.succeeded':
    case 'package.deleted':
      return packageThatIs({});
    case 'build.queued':
      return packageThatIs({ status: 'Queued', mendix_version: null });
    case 'build.started':
      return packageThatIs({ status: 'Building', mendix_version: null });
    case 'build.failed':
      return packageThatIs(FAILED);
    case 'environment.deployed':
      return environmentPayload(eventType, app, ENVIRONMENT, PACKAGE, { at });
    case 'environment.failed': {
      const failure = { code: 'START_FAILED', message: 'This is a test: nothing was started.' };
      return environmentPayload(eventType, app, ENVIRONMENT, PACKAGE, { at, failure });
    }
  }
}

/** As documented, with what every message has besides. */
function samplePush({ app_id, project_id }: ToldApp, at: number): string {
  const commit = {
    authorDate: new Date(at).toISOString(),
    authorEmail: 'richard.ford51@example.com',
    authorName: 'Richard Ford',
    id: REVISION,
    mendixVersion: '10.24.0.5019',
    message: 'This is a test: nothing was pushed.',
    relatedStories: [],
  };
  return JSON.stringify({
    eventType: 'teamserver.push' satisfies EventType,
    time: new Date(at).toISOString(),
    appId: app_id,
    projectId: project_id,
    repositoryType: 'git',
    branchName: 'main',
    before: BEFORE,
    after: REVISION,
    commits: [commit],
  });
}
