import { once } from 'node:events';
import { createServer } from 'node:http';

/*
 * The least that any server on Node does for a call: reads it and answers with the same JSON each time. Run as a process
 * of its own: the JSON is its argument, and after how many milliseconds it answers the next; its port is the line it
 * prints.
 */
const body = process.argv[2] ?? '{}';
const delayMs = Number(process.argv[3] ?? 0);
const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) };
const server = createServer((_request, response) => {
  if (delayMs === 0) response.writeHead(200, headers).end(body);
  else setTimeout(() => response.writeHead(200, headers).end(body), delayMs);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (address !== null && typeof address === 'object') console.log(address.port);
