// As before fetch: https.request and callbacks. A body that is written goes out in chunks, and says no type.
const https = require('node:https');

const base = `https://deploy.mendix.com/api/1/apps/${process.env.APP_ID}`;
const environment = `/environments/${process.env.ENVIRONMENT}`;
const headers = { 'Mendix-Username': process.env.MENDIX_USERNAME, 'Mendix-ApiKey': process.env.MENDIX_API_KEY };
const pollMs = Number(process.env.POLL_SECONDS || 30) * 1000;

function call(method, path, body, next) {
  const request = https.request(base + path, { method, headers }, (response) => {
    let text = '';
    response.on('data', (chunk) => {
      text += chunk;
    });
    response.on('end', () => {
      if (response.statusCode !== 200) return fail(`${method} ${path}: ${response.statusCode} ${text}`);
      next(JSON.parse(text));
    });
  });
  request.on('error', fail);
  if (body) request.write(JSON.stringify(body));
  request.end();
}

function fail(error) {
  console.error(error);
  process.exit(1);
}

function poll(path, wanted, next) {
  call('GET', path, null, (answer) => {
    console.log(answer.Status);
    if (answer.Status === wanted) return next();
    if (answer.Status === 'Failed') return fail('build failed');
    setTimeout(() => poll(path, wanted, next), pollMs);
  });
}

call('GET', '/branches/trunk', null, (branch) => {
  const build = { Branch: branch.Name, Revision: branch.LatestRevisionNumber, Version: process.env.VERSION };
  call('POST', '/packages', build, (built) => {
    poll(`/packages/${built.PackageId}`, 'Succeeded', () => {
      call('POST', `${environment}/stop`, null, () => {
        call('POST', `${environment}/transport`, { PackageId: built.PackageId }, () => {
          call('POST', `${environment}/start`, { AutoSyncDb: true }, (job) => {
            poll(`${environment}/start/${job.JobId}`, 'Started', () => console.log('deployed'));
          });
        });
      });
    });
  });
});
