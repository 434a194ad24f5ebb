import { once } from 'node:events';
import { openServer, type SharedPlace } from './shared-environment.ts';

/*
 * A server that does one thing to an environment. Its target goes on until something comes on standard input, and does
 * not look at its signal: as a system that deploys, which cannot be called back.
 */
const [, , place = '', call = ''] = process.argv;
const told: SharedPlace = JSON.parse(place);
const goOn = async () => {
  console.log('begun');
  await once(process.stdin, 'data');
};
const never = { after: () => undefined };
const server = await openServer(never, told, { transport: goOn, start: goOn });
try {
  if (call === 'transport') await server.transport();
  else await server.start();
} catch (error) {
  console.log(String(error));
}
setInterval(() => {
  for (const error of server.errors.splice(0)) console.log(String(error));
}, 10);
