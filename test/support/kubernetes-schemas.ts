import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CHECKOUT } from './deploy-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has another one
  readonly spec?: any;
}

/** The packages of models that hold kinds which are not Kubernetes' own, by the group that these are in. */
const OTHER_PACKAGES = [
  ['keda.sh/', '@kubernetes-models/keda'],
  ['monitoring.coreos.com/', '@kubernetes-models/prometheus-operator'],
] as const;

function moduleOf({ apiVersion, kind }: Manifest): string {
  const other = OTHER_PACKAGES.find(([group]) => apiVersion.startsWith(group));
  return `${other?.[1] ?? 'kubernetes-models'}/${apiVersion}/${kind}`;
}

/**
 * Holds manifests against the schemas of Kubernetes and of what it was extended with: values and patterns by the models'
 * validation, and fields that there are none of by the compiler, since the schemas allow them and an API server that is
 * asked strictly does not.
 *
 * @throws Error with what is wrong
 */
export async function checkManifests(
  test: { after(work: () => unknown): void },
  manifests: readonly Manifest[],
): Promise<void> {
  for (const manifest of manifests) {
    const { [manifest.kind]: Model } = await import(moduleOf(manifest));
    new Model(manifest).validate();
  }
  const folder = await temporaryFolder(test);
  await symlink(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
  const lines = manifests.map((manifest, at) => {
    const model = `import('${moduleOf(manifest)}').I${manifest.kind}`;
    return `export const manifest${at}: ${model} = ${JSON.stringify(manifest, undefined, 1)};\n`;
  });
  await writeFile(join(folder, 'manifests.ts'), lines.join(''));
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--types',
    '',
    '--pretty',
    'false',
  ];
  const tsc = [join(dirname(compiler), 'bin/tsc'), ...options, 'manifests.ts'];
  await promisify(execFile)(process.execPath, tsc, { cwd: folder }).catch((error) => {
    throw new Error(error.stdout, { cause: error });
  });
}
