import type { Sandbox } from './sandbox.ts';

/** What a sandbox without containers says to a build that names an image. */
export function imageRefusal(name: Sandbox['name']): string {
  return `'image' in slipway.yml needs the container sandbox, and the sandbox of this server is '${name}': leave it out, or have the server run with SLIPWAY_SANDBOX=container.`;
}
