import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

test('what the starter of the server had open reaches no command that the server starts', async (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux says what is open');
  const program = `
    import { spawnSync } from 'node:child_process';
    import { closeInherited } from '${import.meta.resolve('./close-inherited.ts')}';
    const inherits = () => spawnSync('test', ['-e', '/proc/self/fd/33']).status === 0;
    const before = inherits();
    closeInherited();
    console.log(before, inherits());`;
  // Behind a gap, since Node looks after those that come first.
  const stdio = ['ignore', 'pipe', 'inherit', ...Array(30).fill('ignore'), 'pipe'];
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio });
  assert.ok(child.stdout !== null);
  assert.equal(await text(child.stdout), 'true false\n');
});
