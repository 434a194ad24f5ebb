import { testEscapes } from '../contract/script-escapes.ts';

testEscapes('bubblewrap', async () => ({
  configuration: {},
  first: 'bwrap',
  networks: [
    { network: false, says: /refused|unreachable/ },
    { network: true, says: /No route to host/ },
  ],
  connect: (host, port) => `bash -c "echo x > /dev/tcp/${host}/${port}"`,
}));
