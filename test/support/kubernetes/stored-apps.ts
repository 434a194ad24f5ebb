import { isDeepStrictEqual } from 'node:util';

export interface StoredApp {
  readonly apiVersion: 'privatecloud.mendix.com/v1alpha1';
  readonly kind: 'MendixApp';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly annotations: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into manifests of every shape
  readonly spec: any;
  // biome-ignore lint/suspicious/noExplicitAny: and into every status
  readonly status?: any;
}

export type AppChange = Partial<Pick<StoredApp, 'spec' | 'status'>> & {
  readonly annotations?: StoredApp['metadata']['annotations'];
};

/** The resources of a stand-in cluster, with versions and generations as the API server counts them. */
export class StoredApps {
  readonly #apps = new Map<string, StoredApp>();
  readonly #listeners: ((namespace: string, name: string) => void)[] = [];
  #version = 1000;

  find(namespace: string, name: string): StoredApp | undefined {
    return this.#apps.get(`${namespace}/${name}`);
  }

  add(namespace: string, name: string, spec: object): void {
    const metadata = { name, namespace, resourceVersion: `${++this.#version}`, generation: 1, annotations: {} };
    const kind = { apiVersion: 'privatecloud.mendix.com/v1alpha1', kind: 'MendixApp' } as const;
    this.#apps.set(`${namespace}/${name}`, { ...kind, metadata, spec });
    this.#tell(namespace, name);
  }

  remove(namespace: string, name: string): void {
    this.#apps.delete(`${namespace}/${name}`);
  }

  /** What does not change anything makes no new version, and what does not change the spec no new generation. */
  change(app: StoredApp, change: AppChange): StoredApp {
    const changed = this.preview(app, change);
    if (changed === app) return app;
    const { namespace, name } = app.metadata;
    const metadata = { ...changed.metadata, resourceVersion: `${++this.#version}` };
    const stored = { ...changed, metadata };
    this.#apps.set(`${namespace}/${name}`, stored);
    if (metadata.generation !== app.metadata.generation) this.#tell(namespace, name);
    return stored;
  }

  /** What a change would make of an app. */
  preview(app: StoredApp, { spec = app.spec, status = app.status, annotations }: AppChange): StoredApp {
    const { metadata } = app;
    const generation = metadata.generation + (isDeepStrictEqual(spec, app.spec) ? 0 : 1);
    const meta = { ...metadata, generation, annotations: annotations ?? metadata.annotations };
    const changed = { ...app, metadata: meta, spec, ...(status !== undefined && { status }) };
    return isDeepStrictEqual(changed, app) ? app : changed;
  }

  /** Told of apps that are new and of specs that changed. */
  onChange(listener: (namespace: string, name: string) => void): void {
    this.#listeners.push(listener);
  }

  #tell(namespace: string, name: string): void {
    for (const listener of this.#listeners) listener(namespace, name);
  }
}
