/**
 * What webhooks tell of. The first two are documented, the others are additions. Source:
 * https://github.com/mendix/docs/blob/development/content/en/docs/deployment/general/webhooks.md
 */
export const EVENT_TYPES = [
  'package.uploaded',
  'teamserver.push',
  'build.queued',
  'build.started',
  'build.succeeded',
  'build.failed',
  'package.deleted',
  'environment.deployed',
  'environment.failed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Of a message to a webhook. `Failed`: it was given up, or its webhook was disabled. */
export const MESSAGE_STATUSES = ['Pending', 'Delivered', 'Failed'] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];
