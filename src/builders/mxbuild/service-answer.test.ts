import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseServiceAnswer } from './service-answer.ts';
import { ServiceFault } from './service-fault.ts';

test('success and errors in the model are answers, with a byte order mark too', () => {
  assert.deepEqual(parseServiceAnswer(200, '{"status":"Success","restartRequired":true}'), { kind: 'success' });
  assert.deepEqual(parseServiceAnswer(200, '\ufeff{"status":"Success"}'), { kind: 'success' });
  const problem = { severity: 'Error', message: 'No entity.', locations: [{ document: 'Home', module: 'Main' }] };
  const failure = { status: 'Failure', message: 'It has errors.', problems: { problems: [problem] } };
  assert.deepEqual(parseServiceAnswer(200, JSON.stringify(failure)), {
    kind: 'model-errors',
    problems: [{ Severity: 'Error', Message: 'No entity.', Document: 'Home', Module: 'Main' }],
  });
});

test('everything else is a fault of the process, told in one line', () => {
  const refuses = (statusCode: number, text: string, message: RegExp) =>
    assert.throws(
      () => parseServiceAnswer(statusCode, text),
      (error) => error instanceof ServiceFault && message.test(error.message) && !error.message.includes('\n'),
    );
  refuses(200, '{"status":"Busy"}', /busy/);
  refuses(400, 'An unexpected\nerror', /answered 400: An unexpected error/);
  refuses(200, '{"status":"Failure","message":"No license."}', /it failed: No license\./);
  refuses(200, '{"status":"Failure","problems":{"problems":[]}}', /without a reason/);
  refuses(200, '{"status":"success"}', /answered/);
  refuses(200, '<html>', /no JSON object: <html>/);
  refuses(200, 'null', /no JSON object/);
  refuses(200, `"${'x'.repeat(1000)}"`, /x…$/);
});
