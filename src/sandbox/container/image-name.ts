/** As the reference grammar of the OCI distribution has it: `[registry[:port]/]path[:tag][@digest]`. */
const REGISTRY = '[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\\d{1,5})?';
const PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const IMAGE = new RegExp(`^(?:${REGISTRY}/)?${PART}(?:/${PART})*(?::${TAG})?(?:@sha256:[0-9a-f]{64})?$`);

/** What podman takes as "not from a registry", and would read from the disks of the server. */
const TRANSPORTS = new Set([
  'containers-storage',
  'dir',
  'docker',
  'docker-archive',
  'docker-daemon',
  'oci',
  'oci-archive',
  'ostree',
  'sif',
  'tarball',
]);

/** Whether a text names an image, and nothing else that an engine would understand. */
export function isImageName(text: string): boolean {
  return text.length <= 512 && IMAGE.test(text) && !TRANSPORTS.has(text.split(':')[0] ?? '');
}

/** The name with its registry: without one, images come from Docker Hub. */
export function withRegistry(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')) return name;
  return rest.length > 0 ? `docker.io/${name}` : `docker.io/library/${name}`;
}
