import { recordTarget } from '../../src/deployment/record-target.ts';
import { targetPackage } from '../support/target-package.ts';
import { testDeploymentTarget } from './deployment-target.ts';

testDeploymentTarget('record target', async () => ({
  target: recordTarget(),
  addPackage: async () => targetPackage(),
}));
