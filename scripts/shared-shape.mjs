// Which tests run once more on the shared shape: see test/support/shape.ts. Plain JavaScript for Node 20 and later.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './install.mjs';

/** Everything in these folders but what is left out, and the scenarios. */
const FOLDERS = ['test/contract', 'test/integration'];
const SCENARIOS = ['test/end-to-end/cluster.test.ts', 'test/end-to-end/scenarios.test.ts'];

/**
 * What is left out, by the reason. Single tests of other files say with `embeddedOnly` why they are skipped, where that is
 * so.
 */
export const LEFT_OUT = {
  'has neither a server nor a database': [
    'contract/archive',
    'contract/bubblewrap',
    'contract/container',
    'contract/directory-target',
    'contract/disk-blob-store',
    'contract/file-build-log',
    'contract/git-repository',
    'contract/kubernetes-target',
    'contract/no-sandbox',
    'contract/record-target',
    'contract/s3-blob-store',
    'contract/script',
    'contract/svn-repository',
    'contract/webhook-target',
    'integration/deploy-compose',
    'integration/deploy-kubernetes',
    'integration/deploy-systemd',
    'integration/directory-crashes',
    'integration/directory-packages',
    'integration/directory-starts',
    'integration/git-credentials',
    'integration/git-failures',
    'integration/git-revisions',
    'integration/git-trees',
    'integration/kubernetes-api-failures',
    'integration/kubernetes-target',
    'integration/member-cache-killed',
    'integration/mirror-sweep',
    'integration/mirror-while-fetching',
    'integration/mxbuild-builder',
    'integration/s3-faults',
    'integration/svn-http',
    'integration/svn-next-revision',
    'integration/svn-secrets',
    'integration/svn-trees',
    'integration/system-packages',
    'integration/warm-mxbuild',
    'integration/warm-mxbuild-faults',
    'integration/without-s3',
  ],
  'says itself which databases it runs on': [
    'contract/postgres-database',
    'contract/row-queue',
    'contract/shared-build-log',
    'contract/sqlite-database',
    'integration/check-database',
    'integration/copied-databases',
    'integration/foreign-blob-store',
    'integration/leadership',
    'integration/moving-a-data-folder',
    'integration/postgres-cut-off',
    'integration/shared-build-log',
    'integration/shared-environments',
  ],
  'is about the files of one data folder, or about a disk': [
    'integration/app-secrets',
    'integration/backup',
    'integration/deleting-an-app',
    'integration/full-disk',
    'integration/long-package-list',
    'integration/push-secrets',
    'integration/verify-stored-packages',
    'integration/webhook-secrets',
  ],
  'is about one process and what it starts, whatever it shares': [
    'integration/build-network',
    'integration/container-builds',
    'integration/container-escapes',
    'integration/deploy-image',
    'integration/deploy-monitoring',
    'integration/git-environment',
    'integration/mendix-app',
    'integration/operation',
    'integration/script-builds',
    'integration/script-escapes',
    'integration/traces-lost',
    'integration/without-tracing',
  ],
  'counts failed attempts, which each server does for itself': ['integration/attempts-behind-proxy'],
};

const SUFFIX = '.test.ts';

/** The files of the second run. @throws Error where one is left out that is not there */
export function listSharedTests() {
  const leftOut = new Set(Object.values(LEFT_OUT).flatMap((names) => names.map((name) => `test/${name}${SUFFIX}`)));
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => `${folder}/${name}`),
  );
  const missing = [...leftOut].filter((file) => !files.includes(file));
  if (missing.length > 0)
    throw new Error(`scripts/shared-shape.mjs leaves out what is not there: ${missing.join(', ')}.`);
  return [...files.filter((file) => !leftOut.has(file)), ...SCENARIOS];
}
