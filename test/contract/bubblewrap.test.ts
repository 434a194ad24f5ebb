import { bubblewrapSandbox } from '../../src/sandbox/bubblewrap.ts';
import { testSandbox } from './sandbox.ts';

testSandbox('bubblewrap', () => bubblewrapSandbox({ path: process.env.PATH ?? '', hidden: [] }));
