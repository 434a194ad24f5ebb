import type { HttpOperations } from '../http/http-dependencies.ts';
import { openAppCredentials } from '../operations/app-credentials.ts';
import { cancelBuild } from '../operations/cancel-build.ts';
import { changeAppCredentials } from '../operations/change-app-credentials.ts';
import { changePermissions } from '../operations/change-permissions.ts';
import { cleanEnvironment } from '../operations/clean-environment.ts';
import { createApp } from '../operations/create-app.ts';
import { createEnvironment } from '../operations/create-environment.ts';
import { createFreeEnvironment } from '../operations/create-free-environment.ts';
import { createKey } from '../operations/create-key.ts';
import { createUser } from '../operations/create-user.ts';
import { createWebhook } from '../operations/create-webhook.ts';
import { deleteApp } from '../operations/delete-app.ts';
import { deleteEnvironment } from '../operations/delete-environment.ts';
import { deletePackage } from '../operations/delete-package.ts';
import { deleteWebhook } from '../operations/delete-webhook.ts';
import { describeBranch, describeBranches, describeRevisions, refusing } from '../operations/describe-branches.ts';
import { describePushSecret } from '../operations/describe-push-secret.ts';
import { describeWebhook } from '../operations/describe-webhook.ts';
import { disableUser } from '../operations/disable-user.ts';
import { getSettings } from '../operations/get-settings.ts';
import { pageBranches, pageCommits, retrieveBranch } from '../operations/page-repository.ts';
import { pinPackage } from '../operations/pin-package.ts';
import { prunePackages } from '../operations/prune-packages.ts';
import { receivePush } from '../operations/receive-push.ts';
import { receiveUpload } from '../operations/receive-upload.ts';
import { redeliverFailed, redeliverMessage } from '../operations/redeliver-messages.ts';
import { removeAppSecret } from '../operations/remove-app-secret.ts';
import { removePushRule } from '../operations/remove-push-rule.ts';
import { removePushSecret } from '../operations/remove-push-secret.ts';
import { revokeKey } from '../operations/revoke-key.ts';
import { setAppSecret } from '../operations/set-app-secret.ts';
import { setPushRule } from '../operations/set-push-rule.ts';
import { setPushSecret } from '../operations/set-push-secret.ts';
import { setSettings } from '../operations/set-settings.ts';
import { startBuild } from '../operations/start-build.ts';
import { getStartStatus, startEnvironment } from '../operations/start-environment.ts';
import { stopEnvironment } from '../operations/stop-environment.ts';
import { showTargetOptions } from '../operations/target-options.ts';
import { testWebhook } from '../operations/test-webhook.ts';
import { transportPackage } from '../operations/transport-package.ts';
import { updateApp } from '../operations/update-app.ts';
import { updateEnvironment } from '../operations/update-environment.ts';
import { updateWebhook } from '../operations/update-webhook.ts';
import { checkAddress } from '../repository/repositories.ts';
import type { Core } from './core.ts';

/** How long a server may take to say what it serves. */
const ASK_KIND_MS = 5_000;

/** The verbs, bound to what they work on. */
export function bindOperations(core: Core): HttpOperations {
  const findKind = (address: string) => core.findRepositoryKind({ address }, AbortSignal.timeout(ASK_KIND_MS));
  const deps = { ...core, checkRepository: checkAddress, findKind };
  return {
    startBuild: (args, signal) => startBuild(deps, args, signal),
    cancelBuild: (args) => cancelBuild(deps, args),
    receiveUpload: (args) => receiveUpload(deps, args),
    deletePackage: (args) => deletePackage(deps, args),
    pinPackage: (args) => pinPackage(deps, args),
    prunePackages: ({ user, ...args }, signal) => prunePackages(deps, { ...args, login: user.login }, signal),
    createApp: (args) => createApp(deps, args),
    updateApp: (args) => updateApp(deps, args),
    deleteApp: (args) => deleteApp(deps, args),
    readAppCredentials: (app) => refusing(() => openAppCredentials(core.secretBox, app)),
    changeAppCredentials: (args) => changeAppCredentials(deps, args),
    setAppSecret: (args) => setAppSecret(deps, args),
    removeAppSecret: (args) => removeAppSecret(deps, args),
    describePushSecret: (app) => describePushSecret(deps, app),
    setPushSecret: (args) => setPushSecret(deps, args),
    removePushSecret: (args) => removePushSecret(deps, args),
    setPushRule: (args) => setPushRule(deps, args),
    removePushRule: (args) => removePushRule(deps, args),
    receivePush: (sent) => receivePush(deps, sent),
    createUser: (args) => createUser(deps, args),
    disableUser: (args) => disableUser(deps, args),
    createKey: (args) => createKey(deps, args),
    revokeKey: (args) => revokeKey(deps, args),
    listBranches: (app, signal) => describeBranches(deps, app, signal),
    findBranch: (app, branch, signal) => describeBranch(deps, app, branch, signal),
    listRevisions: (app, page, signal) => describeRevisions(deps, app, page, signal),
    pageBranches: (app, range, signal) => pageBranches(deps, app, range, signal),
    retrieveBranch: (app, branch, signal) => retrieveBranch(deps, app, branch, signal),
    pageCommits: (app, range, signal) => pageCommits(deps, app, range, signal),
    createEnvironment: (args) => createEnvironment(deps, args),
    createFreeEnvironment: (args) => createFreeEnvironment(deps, args),
    updateEnvironment: (args) => updateEnvironment(deps, args),
    showTargetOptions: (environment) => showTargetOptions(deps, environment),
    deleteEnvironment: (args) => deleteEnvironment(deps, args),
    transportPackage: (args) => transportPackage(deps, args),
    startEnvironment: (args) => startEnvironment(deps, args),
    getStartStatus: (args) => getStartStatus(deps, args),
    stopEnvironment: (args) => stopEnvironment(deps, args),
    cleanEnvironment: (args) => cleanEnvironment(deps, args),
    getSettings: (environment) => getSettings(deps, environment),
    setSettings: (args) => setSettings(deps, args),
    takeDeploymentReport: (report) => core.deploymentReports.take(report),
    changePermissions: (args) => changePermissions(deps, args),
    createWebhook: (args) => createWebhook(deps, args),
    updateWebhook: (args) => updateWebhook(deps, args),
    deleteWebhook: (args) => deleteWebhook(deps, args),
    describeWebhook: (row) => describeWebhook(deps, row),
    testWebhook: (args) => testWebhook(deps, args),
    redeliverMessage: (args) => redeliverMessage(deps, args),
    redeliverFailed: (args) => redeliverFailed(deps, args),
  };
}
