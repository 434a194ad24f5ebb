import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { DeploymentReports } from '../../src/deployment/webhook/deployment-reports.ts';
import { Refusal } from '../../src/domain/refusal.ts';
import { ERROR_CODES } from '../../src/protocol/error-codes.ts';

/** Takes reports over HTTP, with nothing else of a server around. @returns its address */
export async function startReportServer(
  test: { after(work: () => unknown): void },
  reports: DeploymentReports,
): Promise<string> {
  const server = createServer(async (request, response) => {
    const { headers, url = '' } = request;
    const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) =>
      String(headers[`webhook-${name}`]),
    );
    const orderId = url.split('/').at(-1) ?? '';
    const body = await buffer(request);
    try {
      await reports.take({ orderId, id: id ?? '', timestamp: timestamp ?? '', signature: signature ?? '', body });
      response.end('{}');
    } catch (error) {
      response.writeHead(error instanceof Refusal ? ERROR_CODES[error.code].status : 500).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
}
