import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { DeploymentTarget, TargetEnvironment } from '../../src/deployment/deployment-target.ts';
import type { PackageId } from '../../src/domain/identifiers.ts';

export interface TargetUnderTest {
  readonly target: DeploymentTarget;
  /** Makes a package that the target can be given. */
  addPackage(): Promise<PackageId>;
  /** Which package runs; undefined for none. Left out where nothing really runs. */
  findRunning?(environment: TargetEnvironment): Promise<PackageId | undefined>;
}

/** What every target of environments promises. */
export function testDeploymentTarget(name: string, open: (context: TestContext) => Promise<TargetUnderTest>): void {
  const { signal } = new AbortController();
  const newEnvironment = (mode: string): TargetEnvironment => ({ id: randomUUID(), appKey: 'app-1', mode });
  const expectRunning = async (
    { findRunning }: TargetUnderTest,
    environment: TargetEnvironment,
    expected: PackageId | undefined,
  ) => findRunning && assert.equal(await findRunning(environment), expected);

  test(`${name}: a package that was transported runs from its start to its stop`, async (t) => {
    const under = await open(t);
    const environment = newEnvironment('Test');
    const packageId = await under.addPackage();
    await under.target.transport(environment, packageId, signal);
    await expectRunning(under, environment, undefined);
    await under.target.start(environment, { packageId, autoSyncDb: true }, signal);
    await expectRunning(under, environment, packageId);
    await under.target.stop(environment, signal);
    await expectRunning(under, environment, undefined);
  });

  test(`${name}: what runs goes on running when another package is transported`, async (t) => {
    const under = await open(t);
    const environment = newEnvironment('Test');
    const [first, second] = [await under.addPackage(), await under.addPackage()];
    await under.target.transport(environment, first, signal);
    await under.target.start(environment, { packageId: first, autoSyncDb: false }, signal);
    await under.target.transport(environment, second, signal);
    await expectRunning(under, environment, first);
    await under.target.stop(environment, signal);
    await under.target.start(environment, { packageId: second, autoSyncDb: false }, signal);
    await expectRunning(under, environment, second);
    await under.target.stop(environment, signal);
  });

  test(`${name}: every call may come twice`, async (t) => {
    const under = await open(t);
    const environment = newEnvironment('Test');
    const packageId = await under.addPackage();
    const order = { packageId, autoSyncDb: false };
    const { target } = under;
    const calls = [
      () => target.stop(environment, signal),
      () => target.transport(environment, packageId, signal),
      () => target.start(environment, order, signal),
      () => target.stop(environment, signal),
      () => target.clean(environment, signal),
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
    const environment = newEnvironment('Test');
    const packageId = await under.addPackage();
    await under.target.transport(environment, packageId, signal);
    await under.target.clean(environment, signal);
    await under.target.start(environment, { packageId, autoSyncDb: true }, signal);
    await expectRunning(under, environment, packageId);
    await under.target.stop(environment, signal);
  });

  test(`${name}: environments do not touch each other`, async (t) => {
    const under = await open(t);
    const [one, other] = [newEnvironment('Test'), newEnvironment('Acceptance')];
    const packageId = await under.addPackage();
    for (const environment of [one, other]) {
      await under.target.transport(environment, packageId, signal);
      await under.target.start(environment, { packageId, autoSyncDb: false }, signal);
    }
    await under.target.stop(one, signal);
    await under.target.remove(one, signal);
    await expectRunning(under, other, packageId);
    await under.target.stop(other, signal);
  });

  test(`${name}: a call whose signal has fired throws its reason`, async (t) => {
    const { target, addPackage } = await open(t);
    const environment = newEnvironment('Test');
    const packageId = await addPackage();
    const reason = new Error('enough');
    const fired = AbortSignal.abort(reason);
    for (const call of [
      () => target.transport(environment, packageId, fired),
      () => target.start(environment, { packageId, autoSyncDb: false }, fired),
      () => target.stop(environment, fired),
      () => target.clean(environment, fired),
      () => target.remove(environment, fired),
    ]) {
      await assert.rejects(call(), (error) => error === reason);
    }
  });
}
