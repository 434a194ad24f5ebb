import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import {
  DeploymentFailure,
  type DeploymentTarget,
  type TargetEnvironment,
  type TargetOptions,
  type TargetPackage,
} from '../../src/deployment/deployment-target.ts';
import type { AppId, PackageId } from '../../src/domain/identifiers.ts';

export const NO_SETTINGS = { constants: {}, customSettings: {}, scheduledEvents: {} } as const;

export interface TargetUnderTest {
  readonly target: DeploymentTarget;
  /** Makes a package that the target can be given. */
  addPackage(): Promise<TargetPackage>;
  /** The options of an environment; none where left out. */
  options?(mode: string): TargetOptions;
  /** False for one that cannot remove data, and says so. */
  readonly cleans?: boolean;
  /** Which package runs; undefined for none. Left out where nothing really runs. */
  findRunning?(environment: TargetEnvironment): Promise<PackageId | undefined>;
}

/** What every target of environments promises. */
export function testDeploymentTarget(name: string, open: (context: TestContext) => Promise<TargetUnderTest>): void {
  const { signal } = new AbortController();
  const newEnvironment = ({ target, options }: TargetUnderTest, mode: string): TargetEnvironment => ({
    id: randomUUID(),
    appKey: 'app-1',
    appId: 'calc' as AppId,
    mode,
    options: target.parseOptions(options?.(mode) ?? {}, undefined),
  });
  const expectRunning = async (
    { findRunning }: TargetUnderTest,
    environment: TargetEnvironment,
    expected: PackageId | undefined,
  ) => findRunning && assert.equal(await findRunning(environment), expected);

  const clean = ({ target, cleans = true }: TargetUnderTest, environment: TargetEnvironment) => {
    const cleaning = target.clean(environment, signal);
    return cleans ? cleaning : assert.rejects(cleaning, DeploymentFailure);
  };

  test(`${name}: a package that was transported runs from its start to its stop`, async (t) => {
    const under = await open(t);
    const environment = newEnvironment(under, 'Test');
    const given = await under.addPackage();
    await under.target.transport(environment, given, signal);
    await expectRunning(under, environment, undefined);
    await under.target.start(
      environment,
      { id: randomUUID(), package: given, autoSyncDb: true, settings: NO_SETTINGS },
      signal,
    );
    await expectRunning(under, environment, given.id);
    await under.target.stop(environment, signal);
    await expectRunning(under, environment, undefined);
  });

  test(`${name}: what runs goes on running when another package is transported`, async (t) => {
    const under = await open(t);
    const environment = newEnvironment(under, 'Test');
    const [first, second] = [await under.addPackage(), await under.addPackage()];
    await under.target.transport(environment, first, signal);
    await under.target.start(
      environment,
      { id: randomUUID(), package: first, autoSyncDb: false, settings: NO_SETTINGS },
      signal,
    );
    await under.target.transport(environment, second, signal);
    await expectRunning(under, environment, first.id);
    await under.target.stop(environment, signal);
    await under.target.start(
      environment,
      { id: randomUUID(), package: second, autoSyncDb: false, settings: NO_SETTINGS },
      signal,
    );
    await expectRunning(under, environment, second.id);
    await under.target.stop(environment, signal);
  });

  test(`${name}: every call may come twice`, async (t) => {
    const under = await open(t);
    const environment = newEnvironment(under, 'Test');
    const given = await under.addPackage();
    const order = { id: randomUUID(), package: given, autoSyncDb: false, settings: NO_SETTINGS };
    const { target } = under;
    const calls = [
      () => target.stop(environment, signal),
      () => target.transport(environment, given, signal),
      () => target.start(environment, order, signal),
      () => target.stop(environment, signal),
      () => clean(under, environment),
      () => target.remove(environment, signal),
    ];
    for (const call of calls) {
      await call();
      await call();
    }
    await expectRunning(under, environment, undefined);
  });

  test(`${name}: cleaning leaves the package, which starts again`, async (t) => {
    const under = await open(t);
    const environment = newEnvironment(under, 'Test');
    const given = await under.addPackage();
    await under.target.transport(environment, given, signal);
    await clean(under, environment);
    await under.target.start(
      environment,
      { id: randomUUID(), package: given, autoSyncDb: true, settings: NO_SETTINGS },
      signal,
    );
    await expectRunning(under, environment, given.id);
    await under.target.stop(environment, signal);
  });

  test(`${name}: environments do not touch each other`, async (t) => {
    const under = await open(t);
    const [one, other] = [newEnvironment(under, 'Test'), newEnvironment(under, 'Acceptance')];
    const given = await under.addPackage();
    for (const environment of [one, other]) {
      await under.target.transport(environment, given, signal);
      await under.target.start(
        environment,
        { id: randomUUID(), package: given, autoSyncDb: false, settings: NO_SETTINGS },
        signal,
      );
    }
    await under.target.stop(one, signal);
    await under.target.remove(one, signal);
    await expectRunning(under, other, given.id);
    await under.target.stop(other, signal);
  });

  test(`${name}: a call whose signal has fired throws its reason`, async (t) => {
    const under = await open(t);
    const { target } = under;
    const environment = newEnvironment(under, 'Test');
    const given = await under.addPackage();
    const reason = new Error('enough');
    const fired = AbortSignal.abort(reason);
    for (const call of [
      () => target.transport(environment, given, fired),
      () =>
        target.start(
          environment,
          { id: randomUUID(), package: given, autoSyncDb: false, settings: NO_SETTINGS },
          fired,
        ),
      () => target.stop(environment, fired),
      () => target.clean(environment, fired),
      () => target.remove(environment, fired),
    ]) {
      await assert.rejects(call(), (error) => error === reason);
    }
  });
}
