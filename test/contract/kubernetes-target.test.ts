import assert from 'node:assert/strict';
import { kubernetesTarget } from '../../src/deployment/kubernetes/kubernetes-target.ts';
import { startStandInApi } from '../support/kubernetes/stand-in-api.ts';
import { runStandInOperator } from '../support/kubernetes/stand-in-operator.ts';
import { NAMESPACE, QUICK } from '../support/kubernetes/target-world.ts';
import { targetPackage } from '../support/target-package.ts';
import { testDeploymentTarget } from './deployment-target.ts';

for (const observes of [false, true]) {
  const name = observes ? 'kubernetes target, with generations in the status' : 'kubernetes target';
  testDeploymentTarget(name, async (t) => {
    const api = await startStandInApi(t);
    const operator = runStandInOperator(t, api, { observes });
    const packages = new Map<string, ReturnType<typeof targetPackage>>();
    return {
      target: kubernetesTarget({ clock: Date.now, pacing: QUICK }),
      cleans: false,
      async addPackage() {
        const given = targetPackage();
        packages.set(given.id, given);
        return given;
      },
      options(mode) {
        const resource = `calc-${mode.toLowerCase()}`;
        api.apps.add(NAMESPACE, resource, { replicas: 0 });
        return { server: api.server, ca: api.ca, token: api.token, namespace: NAMESPACE, resource };
      },
      async findRunning({ mode }) {
        const source = operator.findRunning(NAMESPACE, `calc-${mode.toLowerCase()}`);
        const [found] = [...packages.values()].filter(({ id }) => source?.includes(id));
        assert.equal(found === undefined, source === undefined);
        return found?.id;
      },
    };
  });
}
