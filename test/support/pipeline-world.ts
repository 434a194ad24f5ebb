import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Configuration } from '../../src/main/configuration.ts';
import { makeCertificate } from './certificates.ts';
import {
  expectOk,
  openPipelineApp,
  type PipelineApp,
  type RepositoryKind,
  type TargetOfEnvironment,
} from './pipeline-app.ts';
import { startTestServer, type TestServer } from './server.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A server in the place of the hosted service: with TLS, and somebody whose key and token the pipelines have. */
export interface PipelineWorld {
  readonly server: TestServer;
  /** Adds an app that the user may build and deploy. @param target `record`, unless said */
  addApp(appId: string, kind: RepositoryKind, target?: TargetOfEnvironment): Promise<PipelineApp>;
}

export async function openPipelineWorld(
  test: { after(work: () => unknown): void },
  overrides: Partial<Configuration> = {},
): Promise<PipelineWorld> {
  const folder = await temporaryFolder(test);
  const tls = await makeCertificate(folder, 'slipway');
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, await readFile(tls.certFile, 'utf8')]);
  test.after(() => setDefaultCACertificates(before));
  const server = await startTestServer(test, { tls, ...overrides });
  const login = 'richard.ford51@example.com';
  await expectOk(server.call('POST', '/manage/1/users', { Login: login, Name: 'Richard Ford' }));
  const makeKey = async (fields: object): Promise<string> =>
    (await expectOk(server.call('POST', `/manage/1/users/${login}/keys`, fields))).Key;
  const user = { username: login, apiKey: await makeKey({}) };
  const variables = {
    ...variablesThatTrust(tls.certFile),
    MENDIX_USERNAME: login,
    MENDIX_API_KEY: user.apiKey,
    MENDIX_PAT: await makeKey({ Scopes: ['mx:modelrepository:repo:read'] }),
  };
  return {
    server,
    addApp: (appId, kind, target) =>
      openPipelineApp({ server, appId, kind, folder: join(folder, appId), target, user, variables }),
  };
}

/** Makes curl, Python and Node trust a certificate. */
function variablesThatTrust(certFile: string): Readonly<Record<string, string>> {
  return { CURL_CA_BUNDLE: certFile, SSL_CERT_FILE: certFile, NODE_EXTRA_CA_CERTS: certFile };
}
