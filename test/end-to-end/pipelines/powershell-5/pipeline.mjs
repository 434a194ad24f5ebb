// What the script below puts on the wire, byte for byte, where it is run by Windows PowerShell 5.1:
//
//   $ErrorActionPreference = 'Stop'
//   $headers = @{ 'Mendix-UserName' = $env:MENDIX_USERNAME; 'Mendix-ApiKey' = $env:MENDIX_API_KEY }
//   function Call($Method, $Path, $Body) {
//     $arguments = @{ Method = $Method; Uri = "https://deploy.mendix.com/api/1/apps/$env:APP_ID/$Path"; Headers = $headers }
//     if ($Method -eq 'Post') { $arguments.ContentType = 'application/json' }
//     if ($Body) { $arguments.Body = [Text.Encoding]::UTF8.GetBytes(($Body | ConvertTo-Json)) }
//     Invoke-RestMethod @arguments
//   }
//   function Wait-For($Path, $Status) {
//     do { Start-Sleep $poll; $answer = Call Get $Path; Write-Host $answer.Status } until ($answer.Status -in $Status, 'Failed')
//     if ($answer.Status -eq 'Failed') { throw 'The build failed.' }
//   }
//   $revision = (Call Get 'branches/trunk/revisions')[0].Number
//   $package = (Call Post 'packages' @{ Branch = 'trunk'; Revision = $revision; … }).PackageId
//   … and so on: stop, transport, start.
//
// .NET sends a body only once it was told to go on, keeps its connection, and gives a POST of nothing the length 0.
import { setTimeout } from 'node:timers/promises';
import { connect } from 'node:tls';

const { APP_ID, ENVIRONMENT, VERSION, MENDIX_USERNAME, MENDIX_API_KEY, POLL_SECONDS } = process.env;
const site = new URL('https://deploy.mendix.com');
const socket = connect({ host: site.hostname, port: Number(site.port || 443) });
const received = socket.iterator();
let waiting = Buffer.alloc(0);
let keepsAlive = false;

/** Reads on until what has come ends as `isWhole` says, and takes that much of it. */
async function take(findEnd) {
  for (;;) {
    const end = findEnd(waiting);
    if (end >= 0 && end <= waiting.length) {
      const taken = waiting.subarray(0, end);
      waiting = waiting.subarray(end);
      return taken.toString();
    }
    const { value, done } = await received.next();
    if (done) throw new Error('The underlying connection was closed.');
    waiting = Buffer.concat([waiting, value]);
  }
}

async function takeHead() {
  const head = await take((bytes) => bytes.indexOf('\r\n\r\n') + 4 || -1);
  return { status: Number(head.split(' ')[1]), length: Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0) };
}

async function call(method, path, parameters) {
  const body = parameters === undefined ? Buffer.alloc(0) : Buffer.from(convertToJson(parameters));
  const lines = [
    `${method} /api/1/apps/${APP_ID}/${path} HTTP/1.1`,
    `Mendix-UserName: ${MENDIX_USERNAME}`,
    `Mendix-ApiKey: ${MENDIX_API_KEY}`,
    'User-Agent: Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4648',
    ...(method === 'POST' ? ['Content-Type: application/json'] : []),
    `Host: ${site.host}`,
    ...(method === 'POST' ? [`Content-Length: ${body.length}`] : []),
    ...(body.length > 0 ? ['Expect: 100-continue'] : []),
    ...(keepsAlive ? [] : ['Connection: Keep-Alive']),
  ];
  keepsAlive = true;
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let head = await takeHead();
  if (body.length > 0 && head.status === 100) {
    socket.write(body);
    head = await takeHead();
  }
  const answer = await take(() => head.length);
  if (head.status >= 300) throw new Error(`Invoke-RestMethod : ${answer}`);
  return JSON.parse(answer);
}

/** As ConvertTo-Json of PowerShell 5.1 writes it: over lines that end in CR LF, two blanks, quotes as escapes. */
function convertToJson(parameters) {
  const lines = Object.entries(parameters).map(([name, value]) => `    "${name}":  ${JSON.stringify(value)}`);
  return `{\r\n${lines.join(',\r\n')}\r\n}`.replaceAll("'", '\\u0027');
}

async function waitFor(path, wanted) {
  for (;;) {
    await setTimeout(Number(POLL_SECONDS ?? 10) * 1000);
    const { Status } = await call('GET', path);
    console.log(Status);
    if (Status === wanted) return;
    if (Status === 'Failed') throw new Error('The build failed.');
  }
}

try {
  const [{ Number: revision }] = await call('GET', 'branches/trunk/revisions');
  const build = { Branch: 'trunk', Revision: revision, Version: VERSION, Description: "Für Zoë's Büro" };
  const { PackageId } = await call('POST', 'packages', build);
  await waitFor(`packages/${PackageId}`, 'Succeeded');
  await call('POST', `environments/${ENVIRONMENT}/stop`);
  await call('POST', `environments/${ENVIRONMENT}/transport`, { PackageId });
  const { JobId } = await call('POST', `environments/${ENVIRONMENT}/start`, { AutoSyncDb: true });
  await waitFor(`environments/${ENVIRONMENT}/start/${JobId}`, 'Started');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
socket.end();
