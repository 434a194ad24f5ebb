// Newest commit by token, the rest by API key; with the fetch that Node brings.
import { setTimeout } from 'node:timers/promises';

const { APP_ID, PROJECT_ID, ENVIRONMENT, VERSION, MENDIX_USERNAME, MENDIX_API_KEY, MENDIX_PAT } = process.env;
const POLL_MS = Number(process.env.POLL_SECONDS ?? 10) * 1000;

const token = { Authorization: `MxToken ${MENDIX_PAT}` };
const apiKey = { 'Mendix-Username': MENDIX_USERNAME, 'Mendix-ApiKey': MENDIX_API_KEY };
const deployApi = `https://deploy.mendix.com/api/1/apps/${APP_ID}`;

async function ask(url, headers, body) {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: body === null ? null : JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${response.status} ${answer.errorCode}: ${answer.errorMessage}`);
  return answer;
}

async function poll(url, wanted) {
  for (const deadline = Date.now() + 600_000; Date.now() < deadline; await setTimeout(POLL_MS)) {
    const { Status } = await ask(url, apiKey);
    console.log(Status);
    if (Status === wanted) return;
    if (Status === 'Failed') throw new Error('The package could not be built.');
  }
  throw new Error(`No ${wanted} within ten minutes.`);
}

const repositoryApi = `https://repository.api.mendix.com/v1/repositories/${PROJECT_ID}`;
const { latestCommit } = await ask(`${repositoryApi}/branches/main`, token);
const { PackageId } = await ask(`${deployApi}/packages`, apiKey, {
  Branch: 'main',
  Revision: latestCommit.id,
  Version: VERSION,
  Description: latestCommit.message,
});
await poll(`${deployApi}/packages/${PackageId}`, 'Succeeded');

const environment = `${deployApi}/environments/${ENVIRONMENT}`;
await ask(`${environment}/stop`, apiKey, null);
await ask(`${environment}/transport`, apiKey, { PackageId });
const { JobId } = await ask(`${environment}/start`, apiKey, { AutoSyncDb: true });
await poll(`${environment}/start/${JobId}`, 'Started');
