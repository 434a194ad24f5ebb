/** Where a package says what it is. */
export const METADATA_PATH = 'slipway/metadata.json';

/** What a package says of itself: nothing that differs between two builds of the same thing. */
export interface PackageFacts {
  readonly appId: string;
  readonly branch: string;
  readonly revision: string;
  readonly version: string;
  readonly description: string;
  /** The builder's name. */
  readonly builder: string;
}

/** The content of `slipway/metadata.json`. */
export function renderMetadata({ appId, branch, revision, version, description, builder }: PackageFacts): Uint8Array {
  const metadata = { app: appId, branch, revision, version, description, builder };
  return Buffer.from(`${JSON.stringify(metadata, undefined, 2)}\n`);
}

/**
 * Whether a path of the source stands where the metadata goes: the same file, or a file where the folder must be, or
 * the other way round.
 */
export function collidesWithMetadata(path: string): boolean {
  if (!path.startsWith('slipway')) return false;
  return METADATA_PATH === path || METADATA_PATH.startsWith(`${path}/`) || path.startsWith(`${METADATA_PATH}/`);
}
