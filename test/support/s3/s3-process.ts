import { openOwnS3 } from './s3-server.ts';

/*
 * An S3 store as a process of its own, which can be killed, and does not take the time of whoever measures. It keeps
 * everything in the folder that is its argument, if there is one, and sends itself as it is known to who started it.
 */
const s3 = await openOwnS3({ after: () => undefined }, process.argv[2]);
process.send?.(s3);
