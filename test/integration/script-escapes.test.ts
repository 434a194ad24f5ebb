import { testEscapes } from '../contract/script-escapes.ts';

testEscapes('bubblewrap', async () => ({
  configuration: {},
  first: 'bwrap',
  connect: (host, port) => `bash -c "echo x > /dev/tcp/${host}/${port}"`,
}));
