import { randomUUID } from 'node:crypto';
import { recordTarget } from '../../src/deployment/record-target.ts';
import { parsePackageId } from '../../src/domain/identifiers.ts';
import { testDeploymentTarget } from './deployment-target.ts';

testDeploymentTarget('record target', async () => ({
  target: recordTarget(),
  async addPackage() {
    const id = parsePackageId(randomUUID());
    if (id === undefined) throw new Error('A uuid is the id of a package.');
    return id;
  },
}));
