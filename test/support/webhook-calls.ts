import type { Credentials, TestServer } from './server.ts';

/** An answer of the Webhooks API. */
export interface WebhookAnswer {
  readonly status: number;
  /** Empty where there is no body. */
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
  readonly body: any;
}

/**
 * Calls on the webhooks of an app. A path begins after `/webhooks`; a body that is a text is sent as it is.
 *
 * @param app its AppId or its ProjectId
 */
export function webhookCalls(server: Pick<TestServer, 'url' | 'admin'>, who: Credentials = server.admin, app = 'calc') {
  return async (method: string, path = '', body?: unknown): Promise<WebhookAnswer> => {
    const response = await fetch(`${server.url}/api/v1/apps/${app}/webhooks${path}`, {
      method,
      headers: { 'Mendix-Username': who.username, 'Mendix-ApiKey': who.apiKey },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, body: text === '' ? undefined : JSON.parse(text) };
  };
}

export type WebhookCalls = ReturnType<typeof webhookCalls>;
