import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * Every metric of the server, defined once. Names follow Prometheus: base units, and `_total` for what only grows.
 */
export interface Metrics {
  /** How long a phase of a build took. @param outcome `succeeded` or `failed` */
  observePhase(phase: string, outcome: string, seconds: number): void;
  /** A build ended. @param outcome `succeeded`, a failure code, `given-back` or `lost` @param seconds from its claim to its end */
  observeBuild(outcome: string, seconds: number): void;
  /** So many packages were deleted because nothing keeps them. @param bytes of their files */
  observePruned(count: number, bytes: number): void;
  /** An attempt at a message to a webhook ended. @param outcome `delivered`, `postponed` or `given-up` */
  observeDelivery(outcome: string, seconds: number): void;
  /** @param route its pattern, never the address: labels must stay few */
  observeHttp(method: string, route: string, status: number, seconds: number): void;
  /** The text that Prometheus reads: of this process, and of what waits in the database. */
  render(): Promise<MetricsText>;
  /** That of this process alone: for one of many, all of which would read the same in the database. */
  renderOwn(): Promise<MetricsText>;
}

export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

/** Builds that have not ended, by status. */
export type CountBuilds = () => Promise<Readonly<Partial<Record<string, number>>>>;

const BUILD_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];
const HTTP_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30, 300];

/** Messages to webhooks that wait. */
export type CountMessages = () => Promise<number>;

/** @param countBuilds @param countMessages both are asked whenever all metrics are read */
export function createMetrics(countBuilds: CountBuilds, countMessages: CountMessages): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const phases = new Histogram({
    name: 'slipway_build_phase_duration_seconds',
    help: 'How long the phases of builds took.',
    labelNames: ['phase', 'outcome'],
    buckets: BUILD_BUCKETS,
    registers,
  });
  const builds = new Histogram({
    name: 'slipway_build_duration_seconds',
    help: 'How long builds took, from their claim to their end.',
    labelNames: ['outcome'],
    buckets: BUILD_BUCKETS,
    registers,
  });
  const ended = new Counter({
    name: 'slipway_builds_total',
    help: 'Builds that ended, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const http = new Histogram({
    name: 'slipway_http_request_duration_seconds',
    help: 'How long requests took, from their headers to the end of the answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: HTTP_BUCKETS,
    registers,
  });
  const pruned = new Counter({
    name: 'slipway_packages_pruned_total',
    help: 'Packages that were deleted because nothing keeps them.',
    registers,
  });
  const prunedBytes = new Counter({
    name: 'slipway_pruned_bytes_total',
    help: 'Size of the files of packages that were deleted because nothing keeps them.',
    registers,
  });
  const deliveries = new Histogram({
    name: 'slipway_webhook_delivery_duration_seconds',
    help: 'How long attempts at messages to webhooks took, by what became of the message.',
    labelNames: ['outcome'],
    buckets: HTTP_BUCKETS,
    registers,
  });
  const waiting = new Registry();
  registerBuildGauge(waiting, countBuilds);
  registerMessageGauge(waiting, countMessages);
  const whole = Registry.merge([registry, waiting]);
  return {
    observePhase: (phase, outcome, seconds) => phases.observe({ phase, outcome }, seconds),
    observeBuild(outcome, seconds) {
      builds.observe({ outcome }, seconds);
      ended.inc({ outcome });
    },
    observePruned(count, bytes) {
      pruned.inc(count);
      prunedBytes.inc(bytes);
    },
    observeDelivery: (outcome, seconds) => deliveries.observe({ outcome }, seconds),
    observeHttp: (method, route, status, seconds) => http.observe({ method, route, status }, seconds),
    render: () => renderRegistry(whole),
    renderOwn: () => renderRegistry(registry),
  };
}

async function renderRegistry(registry: Registry): Promise<MetricsText> {
  return { contentType: registry.contentType, text: await registry.metrics() };
}

function registerBuildGauge(registry: Registry, countBuilds: CountBuilds): void {
  new Gauge({
    name: 'slipway_builds',
    help: 'Builds that have not ended, by status; Queued is the depth of the queue.',
    labelNames: ['status'],
    registers: [registry],
    async collect() {
      const counts = await countBuilds();
      for (const status of ['Queued', 'Building', 'Uploading']) this.set({ status }, counts[status] ?? 0);
    },
  });
}

function registerMessageGauge(registry: Registry, countMessages: CountMessages): void {
  new Gauge({
    name: 'slipway_webhook_messages_pending',
    help: 'Messages to webhooks that have not been delivered and are not given up.',
    registers: [registry],
    async collect() {
      this.set(await countMessages());
    },
  });
}
