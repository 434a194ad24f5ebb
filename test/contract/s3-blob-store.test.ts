import { openS3BlobStore } from '../../src/blob/s3-blob-store.ts';
import { openTestS3 } from '../support/s3/s3-server.ts';
import { testBlobStore } from './blob-store.ts';

testBlobStore('S3 blob store', async (context, clock) => {
  const { address, connection } = await openTestS3(context);
  return openS3BlobStore({ address, connection, pathStyle: true, clock });
});
