import { noSandbox } from '../../src/sandbox/no-sandbox.ts';
import { testSandbox } from './sandbox.ts';

testSandbox('none', noSandbox, ['SLIPWAY_COMMAND_ID']);
