import type { WebhookRow } from '../database/schema.ts';
import { type SecretBox, SecretUnreadable } from '../secrets/secret-box.ts';
import { openWebhookHeaders, openWebhookSecrets } from './webhook-secrets.ts';

export interface DescribeWebhookDeps {
  readonly secretBox: SecretBox;
  readonly clock: () => number;
}

/** What may be told of what a webhook keeps secret. */
export interface WebhookDescription {
  readonly headerKeys: readonly string[];
  /** While a secret is replaced: until when the former one signs, in milliseconds since 1970. */
  readonly formerUntil: number | undefined;
  /** What keeps it from being used; undefined for nothing. */
  readonly trouble: string | undefined;
}

/** Looks into what a webhook keeps sealed, and says nothing of it that is secret. */
export function describeWebhook({ secretBox, clock }: DescribeWebhookDeps, row: WebhookRow): WebhookDescription {
  try {
    const headerKeys = openWebhookHeaders(secretBox, row).map(({ key }) => key);
    if (row.secrets === '') return { headerKeys, formerUntil: undefined, trouble: undefined };
    const { former } = openWebhookSecrets(secretBox, row);
    const formerUntil = former !== undefined && former.until > clock() ? former.until : undefined;
    return { headerKeys, formerUntil, trouble: undefined };
  } catch (error) {
    if (!(error instanceof SecretUnreadable)) throw error;
    return { headerKeys: [], formerUntil: undefined, trouble: error.message };
  }
}
